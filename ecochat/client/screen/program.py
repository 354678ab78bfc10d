"""The program on the whole screen: goes from one server to the other, as one likes."""

import getpass
import os
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from platformdirs import user_state_path
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from ecochat.client.address import Address, parse_address
from ecochat.client.errors import ClientError, NotKept, Untrusted
from ecochat.client.memory import Memory
from ecochat.client.network import watched_network
from ecochat.client.safe import safe
from ecochat.client.screen import wishes
from ecochat.client.screen.entries import Kind
from ecochat.client.screen.face import Face
from ecochat.client.screen.focus import ScreenOutput
from ecochat.client.screen.hyperlinks import show_links
from ecochat.client.screen.keys import give_keys, show_keys
from ecochat.client.screen.look import STYLE
from ecochat.client.screen.model import Model
from ecochat.client.screen.notify import Notifier
from ecochat.client.screen.questions import Question
from ecochat.client.screen.visit import Visit
from ecochat.client.terminal.history import InputHistory
from ecochat.client.trust import Trust
from ecochat.core.errors import Refused
from ecochat.core.names import check_nick

SAVED_EVERY = 2.0
"""Seconds between two looks whether what is remembered has changed: as much is lost at
most when the program is killed."""


class Program:
    """Shows one server at a time, and remembers where one was.

    :param trust: whom to trust over TLS.
    """

    _log = Logger()

    def __init__(self, trust: Trust) -> None:
        from twisted.internet import reactor

        self._reactor: Any = reactor
        self._trust = trust
        self._memory = Memory.load()
        self._visit: Visit | None = None
        self._moving: Deferred[None] = succeed(None)
        self._saving = LoopingCall(self._save)
        self._output = ScreenOutput.from_pty(
            sys.stdout, os.environ.get("TERM"), ColorDepth.from_env()
        )
        self._notifier = Notifier(self._write, time.monotonic)
        self._face = Face(
            Model(clock=time.time),
            self._say,
            InputHistory(user_state_path("ecochat") / "input-history"),
            Style.from_dict(STYLE),
            self._grant,
            Vt100Input(sys.stdin),
            self._output,
        )
        give_keys(self._face)
        show_links(self._face.app)

    async def run(self, address: Address, nick: str, room: str) -> None:
        """Talk, until the person leaves or this is cancelled."""
        await deferLater(self._reactor, 0)  # the loop runs only now
        signal.signal(signal.SIGHUP, self._hung_up)
        conversing = Deferred.fromCoroutine(self._face.converse())
        self._begin(address, nick, room)
        saving = self._saving.start(SAVED_EVERY, now=False)
        saving.addErrback(self._gone_wrong)
        try:
            with watched_network(self._reactor, self._network_changed):
                await conversing
        finally:
            if self._saving.running:
                self._saving.stop()
            await self._moving
            await self._leave()

    def _gone_wrong(self, failure: Failure) -> None:
        """What this program should not do: it goes on all the same."""
        self._log.failure("something went wrong in the client", failure)

    def _write(self, text: str) -> None:
        self._output.write_raw(text)
        self._output.flush()

    def _hung_up(self, number: int, frame: object) -> None:
        """The terminal is gone: leave."""
        self._reactor.callFromThread(self._face.end)

    def _network_changed(self) -> None:
        """It may be back."""
        if self._visit is not None and not self._visit.model.online:
            self._visit.retry_now()

    # Where one is

    def _begin(self, address: Address, nick: str, room: str = "") -> None:
        """Go to a server; for the first time ask for a name."""
        nick = nick or self._memory.nick_at(str(address))
        if nick:
            self._go(address, nick, room)
            return
        self._face.ask(
            Question(
                "Your nickname: ",
                lambda nick: self._go(address, nick, room),
                _login_name(),
                lambda: self._go(address, "", room),
            )
        )

    def _go(self, address: Address, nick: str, room: str = "") -> None:
        going = self._move(self._moving, address, nick.strip(), room)
        self._moving = Deferred.fromCoroutine(going)
        self._moving.addErrback(self._gone_wrong)

    async def _move(
        self, moving: Deferred[None], address: Address, nick: str, room: str
    ) -> None:
        await moving  # one after the other
        await self._leave()
        visit = Visit(address, nick, room, self._memory, self._trust)
        self._face.show(visit.model)
        try:
            visit.begin(self._face.changed, self._reactor)
        except (ValueError, ClientError) as wrong:
            visit.model.tell(safe(str(wrong)), Kind.ERROR)
        self._visit = visit
        self._save()
        self._face.changed()

    async def _leave(self) -> None:
        """Be at no server any more, whatever goes wrong with that."""
        try:
            try:
                self._save()
            finally:
                visit, self._visit = self._visit, None
                if visit is not None:
                    await visit.end()
        except Exception:
            self._gone_wrong(Failure())

    def _save(self) -> None:
        """Have what is worth it remembered; tell what went wrong with that, once."""
        if self._visit is not None:
            self._visit.remember(self._memory)
            self._memory.save()
            for note in self._memory.take_notes():
                self._visit.model.tell(safe(note), Kind.ERROR)
                self._face.changed()

    def _say(self, typed: str) -> None:
        if self._visit is not None:
            self._visit.say(typed)
        else:  # on the way from one server to another
            self._face.writing.put(typed)

    # What the model wishes

    def _grant(self, wish: wishes.Wish) -> None:
        _GRANTS[type(wish)](self, wish)

    def _connect(self, wish: wishes.Connect) -> None:
        try:
            address = parse_address(wish.address)
        except ValueError as wrong:
            self._face.model.tell(safe(str(wrong)), Kind.ERROR)
        else:
            self._begin(address, self._face.model.nick)

    def _ask_nick(self, wish: wishes.AskNick) -> None:
        if (visit := self._visit) is not None:
            take = lambda nick: self._go(visit.address, nick)  # noqa: E731
            self._face.ask(Question("Another name: ", take, wish.suggestion))

    def _ask_trust(self, wish: wishes.AskTrust) -> None:
        """Ask once about a server that is not known; one that has changed is not
        trusted before its old certificate is forgotten."""
        if wish.error.can_be_accepted:
            take = lambda answer: self._trusted(wish.error, answer)  # noqa: E731
            self._face.ask(Question("Trust this server from now on (yes/no)? ", take))

    def _trusted(self, error: Untrusted, answer: str) -> None:
        if self._visit is None or answer.strip().lower() not in ("y", "yes"):
            return
        try:
            self._trust.accept(error)
        except NotKept as why:
            self._face.model.tell(safe(str(why)), Kind.ERROR)
        self._visit.retry_now()

    def _notify(self, wish: wishes.Notify) -> None:
        if self._face.model.rings:
            self._notifier.bell()
            self._notifier.notify(wish.title, wish.text)

    def _show_keys(self, wish: wishes.ShowKeys) -> None:
        show_keys(self._face)


_GRANTS: dict[type, Callable[[Program, Any], None]] = {
    wishes.Connect: Program._connect,
    wishes.AskNick: Program._ask_nick,
    wishes.AskTrust: Program._ask_trust,
    wishes.Notify: Program._notify,
    wishes.ShowKeys: Program._show_keys,
}
"""What is done for each wish."""


def _login_name() -> str:
    """Return the name that this user has on this machine, if it can be a nickname."""
    try:
        name = getpass.getuser()
        check_nick(name)
    except (OSError, KeyError, Refused):
        return ""
    return name
