"""Talks as one person with one server after the other, at a prompt."""

import contextlib
import time
from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple

from ecochat import __version__
from ecochat.client.address import Address, parse_address
from ecochat.client.client import Client
from ecochat.client.conversation import NAMES
from ecochat.client.errors import Disconnected, Ended, NotKept, Unreachable, Untrusted
from ecochat.client.identity import held_identity
from ecochat.client.memory import Memory
from ecochat.client.network import watched_network
from ecochat.client.outbox import Outbox
from ecochat.client.program import DONE, FAILED, UNREACHABLE
from ecochat.client.program import run as run_program
from ecochat.client.safe import safe
from ecochat.client.terminal.line import Line
from ecochat.client.terminal.names import login_name, other_name, wrong_with
from ecochat.client.terminal.personal import Personal
from ecochat.client.terminal.place import Place
from ecochat.client.terminal.program import check_connector, complain_of, tell
from ecochat.client.terminal.seats import Seat, seated
from ecochat.client.terminal.talk import Talk
from ecochat.client.terminal.typed import meant
from ecochat.client.trust import Trust


def run_person(
    address: Address, nick: str | None, trust: Trust, room: str | None
) -> int:
    """Have a person talk; return the exit status, as
    :func:`ecochat.client.terminal.run`."""
    with seated() as seat:

        async def main() -> None:
            from twisted.internet import reactor
            from twisted.internet.defer import CancelledError
            from twisted.internet.task import deferLater

            check_connector(address, reactor, trust)
            await deferLater(reactor, 0)  # it runs only now
            person = Person(seat, trust, reactor)
            try:
                raise SystemExit(tell(*await person.run(address, nick, room)))
            except CancelledError:  # told to end: the person has left
                raise SystemExit(DONE) from None

        try:
            run_program(main)
        except SystemExit as end:
            return int(end.code or 0)


class PersonalTalk(Talk):
    """A talk that begins before there is a session, and goes on trying to have one.

    :ivar personal: the chat.
    """

    def __init__(
        self, client: Client, chat: Personal, place: Place, keeps: bool
    ) -> None:
        super().__init__(client, chat=chat, keeps=keeps)
        self.personal = chat
        self._place = place
        place.begin(chat)

    def _session(self) -> contextlib.AbstractAsyncContextManager[object]:
        return self._trying()

    @contextlib.asynccontextmanager
    async def _trying(self) -> AsyncIterator[None]:
        from twisted.internet.defer import Deferred

        self._client.startService()
        Deferred.fromCoroutine(self._greet())
        try:
            yield
        finally:
            await self._client.stopService()

    async def _greet(self) -> None:
        """Tell why there is no session yet, until there is one, or none comes."""
        while True:
            try:
                await self._client.ready()
                return
            except Untrusted:
                pass  # who listens is told
            except Unreachable as why:
                self._show(self.personal.unreached(str(why)))
            except Disconnected:
                return

    def _show(self, lines: list[Line]) -> None:
        super()._show(lines)
        self._place.remember(self.personal)
        if self._face is not None and self.personal.wants_clear:
            self.personal.wants_clear = False
            self._face.clear()
        if self._face is not None and self.personal.has_left:
            self._face.end()


class Over(NamedTuple):
    """What being at a server has come to.

    :param status: the exit status, if it ends with that.
    :param why: what is to be said then.
    :param goes_to: the address of the server to go to instead.
    """

    status: int
    why: str = ""
    goes_to: str = ""


class Person:
    """Is at one server at a time.

    :param seat: where it sits.
    :param trust: whom to trust over TLS.
    """

    def __init__(self, seat: Seat, trust: Trust, reactor: Any) -> None:
        self._seat = seat
        self._trust = trust
        self._reactor = reactor
        self._memory = Memory.load()

    async def run(
        self, address: Address, nick: str | None, room: str | None
    ) -> tuple[int, str]:
        """Talk, until the person leaves; return the exit status and what to say."""
        while True:
            over = await self._be_at(address, nick, room)
            for note in self._memory.take_notes():
                complain_of(note)
            if not over.goes_to:
                return over.status, over.why
            address, nick, room = parse_address(over.goes_to), None, None

    async def _be_at(
        self, address: Address, nick: str | None, room: str | None
    ) -> Over:
        place = Place(self._memory, str(address), nick, room)
        if not place.nick:
            answer = await self._ask_name("Your nickname:", login_name())
            if answer is None:
                return Over(DONE)
            place.choose(answer)
        with contextlib.ExitStack() as held:
            key, outbox = held_identity(str(address), held, complain_of)
            over: Over | None = None
            given_back: Iterable[str] = ()
            while over is None:
                talk = self._talk(address, place, key, outbox)
                talk.chat.given_back.extend(given_back)
                with watched_network(self._reactor, talk.retry_now):
                    status, why = await talk.run(self._seat.face(talk))
                over = await self._settled(talk, place, Over(status, why))
                given_back = talk.chat.given_back
            complain_of(_left_in(outbox))
        return over

    def _talk(
        self, address: Address, place: Place, key: str | None, outbox: Outbox | None
    ) -> PersonalTalk:
        client = Client(
            address.written,
            nick=place.nick or None,
            rooms=place.rooms,
            key=key,
            name=f"ecochat/{__version__}",
            outbox=outbox,
            trust=self._trust,
        )
        chat = Personal(clock=time.monotonic, find=self._find, keys=self._seat.keys)
        chat.address = address.written
        return PersonalTalk(client, chat, place, outbox is not None)

    def _find(self, server: str) -> None:
        parse_address(server).connector(self._reactor, self._trust)

    async def _settled(
        self, talk: PersonalTalk, place: Place, over: Over
    ) -> Over | None:
        """Return what a talk has come to; None where another one is to begin."""
        chat = talk.personal
        if chat.untrusted is not None:
            is_accepted = await self._is_accepted(chat.untrusted)
            return None if is_accepted else Over(UNREACHABLE, chat.untrusted.brief)
        if isinstance(talk.error, Ended) and talk.error.code in NAMES:
            complain_of(over.why)
            nick = await self._ask_name("Another name:", other_name(place.nick))
            if nick is None:
                return Over(FAILED)
            place.go_by(nick)
            return None
        return over._replace(goes_to=chat.goes_to)

    async def _ask_name(self, label: str, suggestion: str) -> str | None:
        """Ask until the answer can be a name; return None for none."""
        while (nick := await self._seat.ask(label, suggestion)) is not None:
            if not (wrong := wrong_with(nick)):
                break
            complain_of(safe(wrong))
        return nick

    async def _is_accepted(self, untrusted: Untrusted) -> bool:
        """Ask whether a server that is not known is to be trusted from now on."""
        if not untrusted.can_be_accepted:
            return False
        is_trusted: bool | None = None
        while is_trusted is None:
            answer = await self._seat.ask("Trust it from now on (yes/no)?", "")
            is_trusted = False if answer is None else meant(answer)
        if not is_trusted:
            return False
        try:
            self._trust.accept(untrusted)
        except NotKept as why:
            complain_of(str(why))
            return False
        return True


def _left_in(outbox: Outbox | None) -> str:
    """Return that something waits for the next run, if it does."""
    try:
        left = len(outbox.load()) if outbox is not None else 0
    except NotKept as why:
        return str(why)
    return f"not stored yet, kept to be sent the next time: {left}" if left else ""
