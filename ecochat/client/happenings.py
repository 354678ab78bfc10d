"""What comes of a conversation, beside what the server says in rooms."""

from typing import NamedTuple

from ecochat.client.errors import ClientError, Disconnected, Unreachable, Untrusted
from ecochat.core.wire import Said, Welcome


class Online(NamedTuple):
    """There is a session.

    :param welcome: what the server greeted with: name, rooms, limits.
    :param again: whether there was one before, on a connection that was lost.
    """

    welcome: Welcome
    again: bool


class Offline(NamedTuple):
    """The session is interrupted: the connection is lost, and made again by itself.

    :param why: a sentence for people.
    """

    why: str


class Held(NamedTuple):
    """What is kept from before is not sent, since its ids cannot be kept in the outbox;
    that is tried again by itself, and what is written meanwhile waits behind it.

    :param why: a sentence for people.
    """

    why: str


class Distrusted(NamedTuple):
    """There is no session, since the server's certificate is not trusted. It is told
    once, although the attempts go on; they succeed when it is trusted.

    :param error: what is known of it; see :meth:`ecochat.client.trust.Trust.accept`.
    """

    error: Untrusted


class Answer(NamedTuple):
    """The answer to a request.

    :param items: those of a list, without their refs; empty where it is none.
    :param end: the answer: a :class:`~ecochat.core.wire.Stored`, an
        :class:`~ecochat.core.wire.Ok`, or a list's :class:`~ecochat.core.wire.End`.
    """

    items: list[Said]
    end: Said


class Answered(NamedTuple):
    """A request has its answer.

    :param ref: which one.
    """

    ref: str
    answer: Answer


class Failed(NamedTuple):
    """A request was refused, or has no answer any more."""

    ref: str
    error: ClientError


class Unreached(NamedTuple):
    """An attempt to have a session came to nothing."""

    error: Unreachable


class Over(NamedTuple):
    """There is no session any more, and no attempt to have one: the server has ended
    it or did not begin it, or the client gave up."""

    error: Disconnected


Happening = Said | Online | Offline | Held | Distrusted
"""What :meth:`ecochat.client.Client.events` gives: what is said in rooms and to all
(:class:`~ecochat.core.wire.Event`, :class:`~ecochat.core.wire.Joined`, …), as the
server's own structs, and what becomes of the connection."""

Outcome = Happening | Answered | Failed | Unreached | Over
"""All that can come of a conversation and its connections."""
