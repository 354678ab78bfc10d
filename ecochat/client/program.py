"""Runs a program that talks with a server, from its start to its exit status."""

import sys
from collections.abc import Callable, Coroutine
from typing import Any, NoReturn

from twisted.internet.defer import CancelledError, Deferred
from twisted.python.failure import Failure

from ecochat.client.errors import ClientError, Unreachable
from ecochat.client.safe import indented, safe

DONE, FAILED, USAGE, UNREACHABLE, INTERRUPTED = 0, 1, 2, 3, 130
"""Exit statuses: it is done; it failed, or was refused; it was called wrongly; the
server cannot be reached; it was interrupted from the keyboard or told to end."""


def run(main: Callable[[], Coroutine[Any, Any, Any]]) -> NoReturn:
    """Run Twisted's reactor until a program is done, then exit.

    The exit status is 0; of an error of the library 1, or 3 where the server cannot be
    reached, with one line on standard error; of any other 1, with its traceback.
    Interrupted (SIGINT, SIGTERM), the program is cancelled where it waits, so that an
    ``async with`` in it leaves well; the status is 130 then.

    :param main: called without arguments; awaits what this library and Twisted give.
    :raises SystemExit: always.
    """
    from twisted.internet.task import react

    react(lambda reactor: _Program(reactor).run(main))
    raise AssertionError("unreachable")


def complain(text: str) -> None:
    """Write a line on standard error, unless that is closed; if the text has several,
    the others are indented."""
    if sys.stderr is not None:
        sys.stderr.write(f"{indented(safe(text))}\n")


def _fire(result: Any, ended: Deferred[None]) -> Any:
    ended.callback(None)
    return result


class _Program:
    """A program while it runs."""

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._interrupted = False

    def run(self, main: Callable[[], Coroutine[Any, Any, Any]]) -> Deferred[Any]:
        """Start it; what is returned fires when it is done."""
        done = Deferred.fromCoroutine(main())
        ended: Deferred[None] = Deferred()

        def interrupt() -> Deferred[None] | None:
            if done.called:
                return None
            self._interrupted = True
            done.cancel()
            return ended

        self._reactor.addSystemEventTrigger("before", "shutdown", interrupt)
        done.addBoth(self._exit)
        return done.addBoth(_fire, ended)

    def _exit(self, result: Any) -> Any:
        if not isinstance(result, Failure):
            return result
        if self._interrupted and result.check(CancelledError):
            raise SystemExit(INTERRUPTED)
        if result.check(SystemExit):
            return result
        if not result.check(ClientError):
            complain(result.getTraceback().rstrip())
            raise SystemExit(FAILED)
        complain(result.getErrorMessage())
        raise SystemExit(UNREACHABLE if result.check(Unreachable) else FAILED)
