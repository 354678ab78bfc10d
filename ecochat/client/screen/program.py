"""The program on the whole screen: goes from one server to the other, as one likes."""

import os
import signal
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from platformdirs import user_state_path
from prompt_toolkit.input.vt100 import Vt100Input
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.styles import Style
from twisted.internet.defer import Deferred, succeed
from twisted.internet.task import LoopingCall, deferLater
from twisted.logger import Logger, LogLevel
from twisted.python.failure import Failure

from ecochat.client.address import Address, parse_address
from ecochat.client.errors import ClientError, NotKept, Untrusted
from ecochat.client.happenings import Distrusted
from ecochat.client.memory import Memory
from ecochat.client.network import watched_network
from ecochat.client.safe import safe
from ecochat.client.screen import wishes
from ecochat.client.screen.entries import Kind
from ecochat.client.screen.face import Face
from ecochat.client.screen.farewell import Left
from ecochat.client.screen.first import encoding_note, first_screen
from ecochat.client.screen.focus import ScreenOutput
from ecochat.client.screen.hyperlinks import show_links
from ecochat.client.screen.keys import give_keys, show_keys
from ecochat.client.screen.look import STYLE
from ecochat.client.screen.model import Model
from ecochat.client.screen.questions import Question
from ecochat.client.screen.visit import Visit
from ecochat.client.terminal.history import InputHistory
from ecochat.client.terminal.names import login_name, wrong_with
from ecochat.client.terminal.notify import Notifier
from ecochat.client.terminal.typed import meant
from ecochat.client.trust import Trust
from ecochat.core.names import is_nick

SAVED_EVERY = 2.0
"""Seconds between two looks whether what is remembered has changed: as much is lost at
most when the program is killed."""


QUIT = "/quit"
"""What leaves also where a name is asked for."""

YES_OR_NO = "answer yes or no; Esc is no"

UNNAMED = "you chose no name, so the server gives you one; /nick NAME takes another"

NAMELESS = "you are not connected: /nick NAME tries another name, /connect the same"


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
        self._left: dict[str, Left] = {}
        self._wrong = ""
        self._untrusted: Untrusted | None = None
        self._note = encoding_note(sys.stdout.encoding)
        self._saving = LoopingCall(self._save)
        self._output = ScreenOutput.from_pty(
            sys.stdout, os.environ.get("TERM"), ColorDepth.from_env()
        )
        self._notifier = Notifier(self._write, time.monotonic)
        self._history = InputHistory(user_state_path("ecochat") / "input-history")
        self._face = Face(
            Model(clock=time.time),
            self._say,
            self._history,
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
        self._saving.start(SAVED_EVERY, now=False)
        try:
            with watched_network(self._reactor, self._network_changed):
                await conversing
        finally:
            self._saving.stop()
            await self._moving
            await self._leave()

    def farewell(self) -> list[str]:
        """Return what is to be known of who leaves, in sentences: what waits for the
        next start at each server that one was at."""
        return [each for left in self._left.values() for each in left.told()]

    def _gone_wrong(self, failure: Failure) -> None:
        """Tell of what this program should not do: it goes on all the same."""
        # Not as critical: that is written to the terminal where no log is kept.
        text = "something went wrong in the client"
        self._log.failure(text, failure, level=LogLevel.error)
        text = f"{text}, it goes on: {failure.getErrorMessage() or failure.type}"
        if text != self._wrong:  # what goes wrong once a second is told once
            self._wrong = text
            self._face.model.tell(safe(text), Kind.ERROR)
            self._face.changed()

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
        """Go to a server; for the first time, and where that can be none, ask for a
        name."""
        nick = nick or self._memory.nick_at(str(address))
        if not (wrong := wrong_with(nick)):
            self._go(address, nick, room)
            return
        if self._visit is None:
            self._face.show(first_screen(address))
        if nick:
            self._face.model.tell(safe(wrong), Kind.ERROR)
        go = partial(self._go, address, room=room)
        asked = self._named("Your nickname: ", go, login_name(), lambda: go(""))
        self._face.ask(asked)

    def _named(
        self,
        label: str,
        go: Callable[[str], object],
        suggestion: str,
        drop: Callable[[], object],
    ) -> Question:
        """Return a question for a name: only what can be one is taken, or ``/quit``."""

        def take(answer: str) -> None:
            if answer.strip() == QUIT:
                self._face.end()
            else:
                go(answer)

        def check(answer: str) -> str:
            return "" if answer.strip() == QUIT else wrong_with(answer)

        return Question(label, take, suggestion, check=check, drop=drop)

    def _go(
        self, address: Address, nick: str, room: str = "", is_choice: bool = True
    ) -> None:
        memory, trust = self._memory, self._trust

        def visit() -> Visit:
            made = Visit(address, nick.strip(), room, memory, trust, is_choice)
            for note in filter(None, (UNNAMED * (not nick), self._note)):
                made.model.tell(note)
            return made

        going = self._move(self._moving, visit)
        self._moving = Deferred.fromCoroutine(going)
        self._moving.addErrback(self._gone_wrong)

    async def _move(self, moving: Deferred[None], make: Callable[[], Visit]) -> None:
        await moving  # one after the other
        await self._leave()
        self._untrusted, visit, self._note = None, make(), ""
        self._face.questions.withdraw()
        self._left.pop(str(visit.address), None)
        visit.model.elsewhere = sum(left.unstored for left in self._left.values())
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
        visit, self._visit = self._visit, None
        if visit is None:
            return
        self._save(visit)
        try:
            await visit.end()
        except Exception:
            self._gone_wrong(Failure())
        self._save(visit)  # what was refused at last
        self._left[str(visit.address)] = visit.left(self._memory)

    def _save(self, visit: Visit | None = None) -> None:
        """Have what is worth it of a visit, by default the present one, remembered;
        tell what went wrong with that, once."""
        visit = visit or self._visit
        if visit is None:
            return
        try:
            visit.remember(self._memory)
            self._memory.save()
        except Exception:
            self._gone_wrong(Failure())
        visit.note_unkept(self._memory)
        for note in (*self._memory.take_notes(), *self._history.take_notes()):
            visit.model.tell(safe(note), Kind.ERROR)
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
        if not wish.address:
            self._connect_again()
            return
        try:
            address = parse_address(wish.address)
        except ValueError as wrong:
            self._face.model.tell(safe(str(wrong)), Kind.ERROR)
        else:
            self._save()  # with the name that one has chosen by now
            self._begin(address, "")

    def _connect_again(self) -> None:
        """Connect with the same server, at once; ask again whether to trust it."""
        visit = self._visit
        if visit is None:
            return
        model = visit.model
        if not visit.is_trying:
            nick = model.nick if is_nick(model.nick) else ""
            self._go(visit.address, nick, is_choice=nick == model.choice)
            return
        if self._untrusted is not None and self._untrusted.can_be_accepted:
            model.happened(Distrusted(self._untrusted))
        model.tell("you are connected already" if model.online else "trying again")
        visit.retry_now()
        self._face.changed()

    def _ask_nick(self, wish: wishes.AskNick) -> None:
        """Ask for a name at once where one has just typed another."""
        visit, face = self._visit, self._face
        if visit is not None:
            go = partial(self._go, visit.address, is_choice=wish.is_choice)
            drop = partial(face.model.tell, NAMELESS)
            asked = self._named("Another name: ", go, wish.suggestion, drop)
            (face.ask if wish.is_choice else face.offer)(asked)

    def _ask_trust(self, wish: wishes.AskTrust) -> None:
        """Ask once about a server that is not known; one that has changed is not
        trusted before its old certificate is forgotten."""
        self._untrusted = error = wish.error
        if error.can_be_accepted:
            self._face.offer(
                Question(
                    "Trust this server from now on (yes/no)? ",
                    lambda answer: self._trusted(error, bool(meant(answer))),
                    check=lambda answer: YES_OR_NO * (meant(answer) is None),
                    drop=lambda: self._trusted(error, False),
                )
            )

    def _trusted(self, error: Untrusted, is_trusted: bool) -> None:
        if not is_trusted:
            self._face.model.tell("not trusted; /connect asks again")
        elif self._visit is not None:
            try:
                self._trust.accept(error)
                self._untrusted = None
            except NotKept as why:
                self._face.model.tell(safe(str(why)), Kind.ERROR)
            self._visit.retry_now()
        self._face.changed()

    def _notify(self, wish: wishes.Notify) -> None:
        if self._face.model.rings:
            self._notifier.bell()
            self._notifier.notify(wish.title, wish.text)

    def _show_keys(self, wish: wishes.ShowKeys) -> None:
        show_keys(self._face)

    def _keep(self, wish: wishes.Keep) -> None:
        self._save()


_GRANTS: dict[type, Callable[[Program, Any], None]] = {
    wishes.Connect: Program._connect,
    wishes.AskNick: Program._ask_nick,
    wishes.AskTrust: Program._ask_trust,
    wishes.Notify: Program._notify,
    wishes.ShowKeys: Program._show_keys,
    wishes.Keep: Program._keep,
}
"""What is done for each wish."""
