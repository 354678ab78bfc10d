"""The console that ``twistd -n ecochat --console`` opens on its own terminal.

It is ``ecochat console``, a child process. While it runs, what this process writes on
the terminal goes to the child through a pipe, and is shown above its prompt.
"""

from __future__ import annotations

import os
import shlex
import signal
import sys
import termios
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.application.service import Service
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.protocol import ProcessProtocol
from twisted.logger import Logger
from twisted.python.failure import Failure

from ecochat import service
from ecochat.options import ServerOptions, give_up
from ecochat.ports import SOCKET_PATH
from ecochat.settings import SETTINGS, socket_beside
from ecochat.shell.outcome import INTERRUPTED

PATIENCE = 2.0
"""Seconds that the child has to give the terminal back, before it is killed."""

STDIN, STDOUT, STDERR, LOG = range(4)
"""The child's files; the server's log comes through the last."""

GOES_ON = (
    "ecochat: the console is closed, the server goes on; Ctrl-C stops it,"
    " and in another terminal `{command}` opens the console again\n"
)


def make_service(options: ServerOptions) -> Service:
    """Build the server that the options describe, with its console if that is wanted.

    :raises SystemExit: when it could not start: with one line on stderr, status 1.
    """
    if not options["console"]:
        return service.make_service(options)
    _check(options)

    from twisted.internet import reactor

    socket = os.path.abspath(options["operator-socket"])
    return WithConsole(service.make_service(options), socket, reactor)


def _check(options: ServerOptions) -> None:
    twistd: Any = options.parent or {}
    socket = options["operator-socket"]
    if not twistd.get("nodaemon", True):
        give_up(
            "--console is for a server in the foreground: twistd -n ecochat --console;"
            " a server in the background has one too: ecochat console"
        )
    if not (os.isatty(STDIN) and os.isatty(STDOUT)):
        give_up("--console needs a terminal as input and output; start it from one")
    if not socket:
        give_up("--console needs a socket for operators: --operator-socket PATH")
    if len(os.fsencode(os.path.abspath(socket))) > SOCKET_PATH:
        give_up(
            "--console needs a socket for operators, and the path of the data is too"
            " long for one: --operator-socket PATH"
        )


class WithConsole(Service):
    """The server, and its console from when it is ready until that is closed.

    :param server: the server.
    :param socket: the path of the operators' socket.
    """

    log = Logger()

    def __init__(self, server: Service, socket: str, reactor: Any) -> None:
        self._server = server
        self._socket = socket
        self._reactor = reactor
        self._terminal = Terminal()
        self._child: _Child | None = None

    def startService(self) -> None:
        """Start the server, and then the console."""
        Service.startService(self)
        self._server.startService()
        self._reactor.callWhenRunning(self._open)

    def stopService(self) -> Deferred[None]:
        """Stop the server, then close the console, which shows how it stops."""
        Service.stopService(self)
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        try:
            await maybeDeferred(self._server.stopService)
        finally:
            await self._close()

    def _open(self) -> None:
        command = [sys.executable, "-m", "ecochat.main", "console"]
        command += ["--socket", self._socket, "--log-fd", str(LOG)]
        self._child = _Child(self._closed)
        files = self._terminal.lend()
        try:
            self._reactor.spawnProcess(
                self._child, sys.executable, command, env=None, childFDs=files
            )
        except OSError:
            self._child = None
            self._terminal.take_back()
            self.log.failure("the console cannot be started")

    async def _close(self) -> None:
        child = self._child
        if child is None:
            return
        self._terminal.redirect()  # the child's log ends so, and the child with it
        overdue = self._reactor.callLater(PATIENCE, child.kill)
        await child.ended
        if overdue.active():
            overdue.cancel()

    def _closed(self, status: int | None) -> None:
        self._child = None
        self._terminal.take_back()
        if not self.running:
            return
        if status == INTERRUPTED:
            os.kill(os.getpid(), signal.SIGINT)  # as Ctrl-C without a console
        else:
            line = GOES_ON.format(command=self._command())
            os.write(STDOUT, line.encode(errors="replace"))

    def _command(self) -> str:
        """Return what opens the console again, in this folder."""
        usual = os.path.abspath(socket_beside(SETTINGS["data"].default))
        where = () if self._socket == usual else ("--socket", self._socket)
        return shlex.join(("ecochat", "console", *where))


class _Child(ProcessProtocol):
    """The console's process.

    :ivar ended: fires when it has ended.
    """

    transport: Any

    def __init__(self, closed: Callable[[int | None], None]) -> None:
        self.ended: Deferred[None] = Deferred()
        self._closed = closed

    def kill(self) -> None:
        """End it at once."""
        self.transport.signalProcess("KILL")

    def processEnded(self, reason: Failure) -> None:
        self._closed(getattr(reason.value, "exitCode", None))
        self.ended.callback(None)


class Terminal:
    """The terminal, while it is lent to a child that shows what is written here.

    Output never waits for the child: what it does not read in time is lost.
    """

    def __init__(self) -> None:
        self._state: list[Any] = []
        self._own: dict[int, int] = {}  # copies of what output and errors were
        self._pipe: int | None = None

    def lend(self) -> dict[int, int]:
        """Send output and errors through a pipe from now on, where they are the
        terminal; return the files that the child is to have."""
        self._state = termios.tcgetattr(STDIN)
        self._pipe, entrance = os.pipe()
        os.set_blocking(entrance, False)
        os.set_blocking(self._pipe, False)
        files = {STDIN: STDIN, LOG: self._pipe}
        for file in (STDOUT, STDERR):
            if os.isatty(file):
                self._own[file] = files[file] = os.dup(file)
                os.dup2(entrance, file)
            else:
                files[file] = file
        os.close(entrance)
        return files

    def redirect(self) -> None:
        """Write on the terminal again."""
        for file, own in self._own.items():
            os.dup2(own, file)
            os.close(own)
        self._own.clear()

    def take_back(self) -> None:
        """Have the terminal as it was, however the child has left it, and what it has
        not shown any more."""
        self.redirect()
        with suppress(termios.error):  # it is gone
            termios.tcsetattr(STDIN, termios.TCSADRAIN, self._state)
        pipe, self._pipe = self._pipe, None
        if pipe is not None:
            with suppress(OSError):
                while rest := os.read(pipe, 65_536):
                    os.write(STDOUT, rest)
            os.close(pipe)
