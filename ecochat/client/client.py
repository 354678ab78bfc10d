"""The library's client: what a program can ask, call by call."""

from collections.abc import AsyncIterator, Callable
from typing import Any

from twisted.internet.defer import Deferred

from ecochat.client.participant import Participant
from ecochat.core import requests as ask
from ecochat.core.requests import Request
from ecochat.core.wire import Event, Member, Message, Room, Session

PAGE = 500
"""Events of a long log that are asked for at once."""


class Client(Participant):
    """One identity's session with a server, over connections that come and go.

    ``async with Client(...) as client:`` connects, and leaves at the end; or it is a
    Twisted service (:meth:`startService`, :meth:`stopService`). When a connection is
    lost it is made again, after a wait that grows; what was written and not answered is
    sent again, and everything said meanwhile comes as events: each once, in order.

    Calls begin at once, in the order in which they are made, whether or not what they
    return is waited for. They may be made before there is a session. All can fail with:

    - :class:`~ecochat.client.errors.Refused`: the server says no, and why;
    - :class:`~ecochat.client.errors.Disconnected`: the connection was lost before the
      answer (not for what writes: that is kept, and sent again), or the client is
      stopped, or was ended by the server (``Ended``) or gave up (``Unreachable``);
    - :class:`~ecochat.client.errors.TooMuch`: too much is unanswered;
    - :exc:`ValueError`: what JSON cannot hold, as half of a surrogate pair.

    What it is made of, and what it hears, is in
    :class:`~ecochat.client.participant.Participant`.
    """

    # What writes: each gives the number in the room, once it is stored

    def say(
        self,
        room: str,
        text: str,
        *,
        reply_to: int | None = None,
        id: int | None = None,
    ) -> Deferred[int]:
        """Write a message in a room, or to one person (``@bob``); give its number.

        :param reply_to: the number of the message that it answers.
        :param id: one's own number for it, for one message only ever; the client makes
            rising ones by itself.
        :raises NotStored: when the server could not store it.
        """
        return self._write(ask.Say(text=text, room=room, reply_to=reply_to, id=id))

    def msg(
        self, nick: str, text: str, *, reply_to: int | None = None
    ) -> Deferred[int]:
        """Write to one person; give the number in the private room."""
        return self._write(ask.SayTo(nick=nick, text=text, reply_to=reply_to))

    def me(self, room: str, text: str) -> Deferred[int]:
        """Say what one does; give its number."""
        return self._write(ask.Me(text=text, room=room))

    def set_topic(self, room: str, topic: str) -> Deferred[int]:
        """Set what a room is about; give the number of that."""
        return self._write(ask.SetTopic(topic=topic, room=room))

    def edit(self, room: str, message: int, text: str) -> Deferred[int]:
        """Give a message of one's own another text; give the number of the edit."""
        return self._write(ask.Edit(message=message, text=text, room=room))

    def delete(self, room: str, message: int) -> Deferred[int]:
        """Remove the text of a message of one's own; give the number of that."""
        return self._write(ask.Delete(message=message, room=room))

    def react(
        self, room: str, message: int, reaction: str, *, remove: bool = False
    ) -> Deferred[int]:
        """Answer a message with a sign, or take it back; give the number of that."""
        return self._write(
            ask.React(message=message, reaction=reaction, room=room, remove=remove)
        )

    # What only passes by

    def typing(self, room: str) -> Deferred[None]:
        """Show the others in a room that one is writing."""
        return self._do(ask.Typing(room=room))

    def read(self, room: str, n: int) -> Deferred[None]:
        """Keep how far one has read, for one's own key."""
        return self._do(ask.Read(n=n, room=room))

    # Where one is, and who

    def join(self, room: str, *, after: int | None = None) -> Deferred[str]:
        """Be in a room, made when there is none; give its name as the server has it.

        :param after: the number of the last event seen there; None: from now on.
        """
        return self._field(ask.Join(room=room, after=after), "room")

    def leave(self, room: str) -> Deferred[None]:
        """Be in a room no longer."""
        return self._do(ask.Leave(room=room))

    def set_nick(self, nick: str) -> Deferred[str]:
        """Take another name; give it as the server has it."""
        return self._field(ask.SetNick(nick=nick), "nick")

    def quit(self) -> Deferred[None]:
        """Leave: the same as :meth:`stopService`."""
        return self.stopService()

    # Questions

    def topic(self, room: str) -> Deferred[str]:
        """Ask what a room is about; empty for nothing."""
        asked: Deferred[str | None] = self._field(ask.SetTopic(room=room), "topic")
        return asked.addCallback(lambda topic: topic or "")

    def history(
        self,
        room: str,
        *,
        before: int | None = None,
        after: int | None = None,
        limit: int = 20,
    ) -> Deferred[list[Event]]:
        """Read a room's log, by rising number: the last events (before a number), or
        the first after one.

        :param limit: how many at most, up to 1000.
        """
        return self._list(
            ask.History(room=room, before=before, after=after, limit=limit)
        )

    async def log(self, room: str, *, after: int = 0) -> AsyncIterator[Event]:
        """Read all of a room's log after a number, however long, page by page."""
        while page := await self.history(room, after=after, limit=PAGE):
            for event in page:
                yield event
            after = page[-1].n

    def search(
        self,
        words: str,
        *,
        room: str | None = None,
        nick: str | None = None,
        before: int | None = None,
        after: int | None = None,
        limit: int = 20,
    ) -> Deferred[list[Message]]:
        """Find messages that have all these words, the newest first.

        For up to when was searched, :meth:`request` with ``Search``: its ``end.upto``.
        """
        return self._list(
            ask.Search(
                words=words,
                room=room,
                nick=nick,
                before=before,
                after=after,
                limit=limit,
            )
        )

    def who(self, room: str) -> Deferred[list[Member]]:
        """List who is in a room."""
        return self._list(ask.Who(room=room))

    def rooms(self) -> Deferred[list[Room]]:
        """List the server's rooms."""
        return self._list(ask.Rooms())

    def status(self) -> Deferred[list[Session]]:
        """List the sessions, those that are open and those that ended last."""
        return self._list(ask.Status())

    def time(self) -> Deferred[str]:
        """Ask what time it is at the server, in UTC, as RFC 3339 writes it."""
        return self._field(ask.Time(), "time")

    def joke(self) -> Deferred[str]:
        """Ask for a joke."""
        return self._field(ask.Joke(), "text")

    # What an answer is to each

    def _write(self, operation: Request) -> Deferred[int]:
        return self._field(operation, "n")

    def _do(self, operation: Request) -> Deferred[None]:
        return self.request(operation).addCallback(lambda answer: None)

    def _list(self, operation: Request) -> Deferred[list[Any]]:
        return self.request(operation).addCallback(lambda answer: answer.items)

    def _field(self, operation: Request, name: str) -> Deferred[Any]:
        answer: Callable[[Any], Any] = lambda answer: getattr(answer.end, name)  # noqa: E731
        return self.request(operation).addCallback(answer)
