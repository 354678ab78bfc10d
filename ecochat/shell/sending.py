"""``ecochat send``: sends messages until they are stored, or one has waited enough."""

import argparse
import random
from collections.abc import AsyncIterator
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, DeferredSemaphore
from twisted.internet.task import deferLater
from twisted.python.failure import Failure

from ecochat import __version__
from ecochat.client.client import Client
from ecochat.client.errors import Ended, Refused, Unreachable
from ecochat.client.happenings import Answer
from ecochat.client.keys import key_of_name
from ecochat.client.safe import safe
from ecochat.core.requests import Say
from ecochat.shell.input import Input
from ecochat.shell.naming import login_name, take_name
from ecochat.shell.outcome import DONE, FAILED, tell
from ecochat.shell.printer import Printer, standard_printer

TIMEOUT = 10.0
"""Seconds to wait for a server that was reached: it is started again in less."""

WINDOW = 100
"""Messages that are sent before the first of them is answered: as many as a server
stores at once when it is busy, and with the longest ones 1.6 MB here."""

AGAIN = 0.2
"""Seconds, at most, until a message is sent again that another run with the same name
was about to send: about as long as that takes."""


async def send(arguments: argparse.Namespace, reactor: Any) -> int:
    """Do what the command line says; return the exit status.

    :raises TooLong, ClientError: when it cannot be done.
    """
    texts = Input(0, reactor)
    if arguments.text != "-":
        one = arguments.text
    elif arguments.whole or arguments.once is not None:
        one = await texts.whole()
    else:
        return await Sender(arguments, reactor).send(texts.lines())
    return await _send_one(arguments, reactor, one)


async def _send_one(arguments: argparse.Namespace, reactor: Any, text: str) -> int:
    """Send one message; the same again, when another run with the same name sent it
    meanwhile and took over."""
    until = reactor.seconds() + (arguments.timeout or TIMEOUT)
    while True:
        try:
            return await Sender(arguments, reactor).send(_only(text))
        except Ended as end:
            if end.code != "taken_over" or reactor.seconds() > until:
                raise
        await deferLater(reactor, AGAIN * random.random())


async def _only(text: str) -> AsyncIterator[str]:
    yield text


class Sender:
    """Sends messages, many at a time, and prints the number of each in their order.

    :param arguments: see :data:`ecochat.shell.arguments.COMMANDS`.
    """

    def __init__(self, arguments: argparse.Namespace, reactor: Any) -> None:
        once = arguments.once
        self._client = Client(
            arguments.server,
            rooms={},  # one can write in a room without being in it
            key=None if once is None else key_of_name(once),
            name=f"ecochat-send/{__version__}",
            reactor=reactor,
        )
        self._id = None if once is None else 1
        self._room = arguments.room
        self._nick = arguments.nick
        self._is_patient = arguments.timeout is not None
        self._printer: Printer = standard_printer(arguments.json)
        self._slots = DeferredSemaphore(WINDOW)
        self._watch = _Watch(arguments.timeout or TIMEOUT, reactor, self._give_up)
        self._job: Deferred[None] | None = None
        self._error: BaseException | None = None
        self._why = f"{arguments.server} does not answer"
        self._stored = self._refused = self._open = 0

    async def send(self, texts: AsyncIterator[str]) -> int:
        """Send these; return the exit status.

        :raises ClientError: when it had to be given up.
        """
        self._client.startService()
        try:
            self._job = Deferred.fromCoroutine(self._send(texts))
            await self._job
        except CancelledError:
            if self._error is None:
                raise
        finally:
            self._watch.stop()
            await self._client.stopService()
        if self._error is not None:
            raise self._error
        return FAILED if self._refused else DONE

    async def _send(self, texts: AsyncIterator[str]) -> None:
        self._watch.start()
        await self._begin()
        self._watch.stop()
        async for text in texts:
            await self._slots.acquire()
            self._start(text)
        for _ in range(WINDOW):
            await self._slots.acquire()

    async def _begin(self) -> None:
        """Wait for the session, and take the name."""
        while self._client.welcome is None:
            try:
                await self._client.ready()
            except Unreachable as error:
                if not self._is_patient:
                    raise _not_reached(str(error)) from None
                self._why = str(error)
        self._why = "the server does not answer"
        nick = self._nick or login_name()
        if nick is not None:
            await take_name(self._client, nick)

    def _start(self, text: str) -> None:
        """Send a message; what comes of it is taken when it comes."""
        self._open += 1
        if self._open == 1:
            self._watch.start()
        answer = self._client.request(Say(text=text, room=self._room, id=self._id))
        Deferred.fromCoroutine(self._finish(answer)).addErrback(self._stop)

    async def _finish(self, answer: Deferred[Answer]) -> None:
        try:
            stored = (await answer).end
        except Refused as refusal:
            self._refused += 1
            tell(safe(_REFUSALS.get((self._id, refusal.code), refusal.text)))
        else:
            self._stored += 1
            self._printer.print(stored)
        self._open -= 1
        if self._open:
            self._watch.start()
        else:
            self._watch.stop()
        self._slots.release()

    def _stop(self, failure: Failure) -> None:
        """End: the rest cannot be sent, or not printed."""
        if self._error is None and self._job is not None:
            error = failure.value
            if isinstance(error, Ended):
                known = what_is_known(self._stored, self._open)
                error = Ended(error.code, f"{error}; {known}")
            self._error = error
            self._job.cancel()

    def _give_up(self) -> None:
        if self._client.welcome is None:
            error = _not_reached(self._why)
        else:
            error = Unreachable(
                f"{self._why}; {what_is_known(self._stored, self._open)}"
            )
        self._stop(Failure(error))


class _Watch:
    """Calls something when it was started and nothing came for some seconds."""

    def __init__(self, seconds: float, reactor: Any, late: Any) -> None:
        self._seconds = seconds
        self._reactor = reactor
        self._late = late
        self._call: Any = None

    def start(self) -> None:
        """Begin to wait, from now on."""
        self.stop()
        self._call = self._reactor.callLater(self._seconds, self._late)

    def stop(self) -> None:
        """Wait no longer."""
        if self._call is not None and self._call.active():
            self._call.cancel()


_REFUSALS: dict[tuple[int | None, str], str] = {
    (1, "id_reused"): "another text was sent under this name, or in another room;"
    " what is sent once cannot be changed",
}
"""What is said where the server's own words are about ids, which nobody has given."""


def _not_reached(why: str) -> Unreachable:
    return Unreachable(f"{why}; nothing was sent")


def what_is_known(stored: int, unanswered: int) -> str:
    """Say what became of the messages.

    :param stored: those that are stored; ``unanswered``: those that may be.
    """
    if not unanswered:
        return f"{stored} stored, no other was sent"
    if unanswered == 1 and not stored:
        return "whether the message is stored is not known"
    others = "1 other" if unanswered == 1 else f"{unanswered} others"
    return f"{stored} stored, of {others} it is not known"
