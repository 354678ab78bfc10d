"""The chat itself, without I/O: framing, names, rooms, sessions, commands, the hub.

Nothing here knows a socket, a reactor, a store or a clock; only the standard library
and msgspec are imported.
"""
