"""Dialects: what clients speak, to and from requests, events and replies. No I/O.

A dialect is a translation and never a rule: what may be done stands in the hub.
"""
