"""A hub's state as plain values, to compare."""

from typing import Any

from ecochat.core.hub import Hub


def snapshot(hub: Hub) -> dict[str, Any]:
    """Return rooms, sessions, names and the last session number of a hub.

    ``rooms``: (name, first, last, topic, members) of each; ``sessions``: (number, name,
    names of its rooms, name of the current one) of each; ``names``: (folded name,
    number) of each; ``last_session``: the highest number given.
    """
    state = hub._state
    sessions = sorted(state.sessions.values(), key=lambda s: s.number)
    return {
        "rooms": [
            (r.name, r.first, r.last, r.topic, tuple(r.members))
            for r in state.rooms.values()
        ],
        "sessions": [
            (
                s.number,
                s.nick,
                tuple(r.name for r in s.rooms.values()),
                s.current.name if s.current else None,
            )
            for s in sessions
        ],
        "names": sorted((key, s.number) for key, s in state.names.items()),
        "last_session": state.last_session,
    }
