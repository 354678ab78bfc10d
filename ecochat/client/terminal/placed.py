"""What a person asks, made ready to be asked."""

from msgspec.structs import replace

from ecochat.core import limits
from ecochat.core.errors import Refused
from ecochat.core.requests import GetTopic, History, Request, Search, SetTopic

NOT_HERE = "you are in no room, /join one"


def placed(request: Request, current: str) -> Request:
    """Return the operation for a request, in a room of a name.

    :param current: the room that is meant where it names none; empty for no room.
    :raises Refused: ``no_current_room``.
    """
    if isinstance(request, GetTopic):
        request = SetTopic(room=request.room)
    if isinstance(request, History) and request.limit > limits.HISTORY:
        request = replace(request, limit=limits.HISTORY)
    if getattr(request, "room", "") is not None or isinstance(request, Search):
        return request
    if not current:
        raise Refused("no_current_room", NOT_HERE)
    return replace(request, room=current)
