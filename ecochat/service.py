"""Composition: builds the parts and wires them to where they listen."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from twisted.application.service import Service
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory

from ecochat.core.limits import Limits
from ecochat.dialects.plain import PlainDialect
from ecochat.listen import endpoint_description
from ecochat.net.exchange import Exchange
from ecochat.net.link import LinkSettings
from ecochat.net.protocol import ChatFactory
from ecochat.net.storage import Storage
from ecochat.options import ServerOptions, give_up
from ecochat.store.memory import MemoryStore
from ecochat.store.port import StoreError
from ecochat.store.sqlite import SQLiteStore

MEMORY = ":memory:"

SWITCH_INTERVAL = 1e-4
"""Seconds a thread may be kept waiting for the interpreter. The writer gives it back at
each row; with Python's 5 ms a group of 100 beside a busy reactor took 98 ms, so 5."""

FAREWELL = 2.0
"""Seconds that clients have, when the server stops, to take what was sent to them."""


class ChatService(Service):
    """The server: a factory on its listeners, an exchange behind it.

    The ports are open before this is made, so that what is wrong with them is known
    before twistd leaves the terminal.
    """

    log = Logger()

    def __init__(
        self,
        exchange: Exchange,
        factory: ChatFactory,
        ports: list[IListeningPort],
        data: str,
    ) -> None:
        self._exchange = exchange
        self._factory = factory
        self._ports = ports
        self._data = data

    def startService(self) -> None:
        """Open the store and say where we listen; connections are taken from now on."""
        Service.startService(self)
        sys.setswitchinterval(SWITCH_INTERVAL)
        try:
            self._exchange.start()
        except StoreError as error:  # it could be used when it was checked
            give_up(str(error))
        self.log.info("keeping everything in {data}", data=self._data)
        for port in self._ports:
            _own_lock(port)
            self.log.info("listening on {where}", where=_where(port))
        self.log.info("ready")

    async def _stop(self) -> None:
        for port in self._ports:
            await self._attempt(port.stopListening)
        self._factory.stop_soon()
        await self._attempt(self._exchange.stop)
        await self._factory.emptied(FAREWELL)
        self.log.info("stopped")

    async def _attempt(self, stop: Callable[[], Any]) -> None:
        """Stop one part; when that fails, say so and go on with the others."""
        try:
            stopped = stop()
            if stopped is not None:
                await stopped
        except Exception:
            self.log.failure("stopping {part} failed", part=stop)

    def stopService(self) -> Deferred[None]:
        """Store what is pending, tell everyone, and close; fires when that is done."""
        Service.stopService(self)
        return Deferred.fromCoroutine(self._stop())


def make_service(options: ServerOptions) -> ChatService:
    """Build the server that the options describe.

    :raises SystemExit: when it could not start: with one line on stderr, status 1.
    """
    from twisted.internet import reactor

    if options["data"] == MEMORY:
        data, storage = (
            "memory: it is gone with the server",
            Storage(MemoryStore(), reactor),
        )
    else:
        data = os.path.abspath(options["data"])
        store = SQLiteStore(data, options["durability"])
        storage = Storage(store, reactor)
        _check(store)
    exchange = Exchange(
        Limits(message=options["max-message"]),
        storage,
        reactor,
        options["log-messages"],
    )
    dialect = PlainDialect(options["name"], options["welcome"])
    settings = LinkSettings(dialect, options["max-frame"])
    factory = ChatFactory(exchange, settings, options["max-clients"], reactor)
    ports = [_listen(reactor, where, factory) for where in options["listen"]]
    return ChatService(exchange, factory, ports, data)


def _check(store: SQLiteStore) -> None:
    """See that the file can be used. It is closed again: SQLite's connections do not
    outlive the fork by which twistd goes into the background."""
    try:
        store.check()
    except StoreError as error:
        give_up(str(error))
    store.close()


def _listen(reactor: Any, where: str, factory: ServerFactory) -> IListeningPort:
    try:
        endpoint = serverFromString(reactor, endpoint_description(where))
    except Exception as error:  # Twisted's parsers raise what they come upon
        give_up(
            f"--listen {where}: {_told(error)}; write PORT, HOST:PORT, [V6ADDRESS]:PORT"
            " or a Twisted endpoint"
        )
    ports: list[IListeningPort] = []
    failures: list[Any] = []
    endpoint.listen(factory).addCallbacks(ports.append, failures.append)
    if not ports:
        why = _told(failures[0].value) if failures else "it does not listen at once"
        give_up(f"--listen {where}: {why}; choose another place")
    return ports[0]


def _told(error: Exception) -> str:
    if isinstance(error, CannotListenError):
        error = error.socketError
    text = str(getattr(error, "strerror", None) or error)
    if isinstance(error, OSError) and error.filename:
        text = f"{text}: {error.filename}"
    if text == "Cannot acquire lock":  # Twisted's word for a UNIX socket
        text = "Address already in use"
    return " ".join(text.split()).rstrip(".") or type(error).__name__


def _own_lock(port: Any) -> None:
    """Make the lock beside a UNIX socket name this process: it was taken before twistd
    forked, and a lock of a process that is gone is no lock."""
    lock = getattr(port, "lockFile", None)
    if lock is not None:
        with suppress(FileNotFoundError):
            os.unlink(lock.name)
        os.symlink(str(os.getpid()), lock.name)


def _where(port: Any) -> str:
    address = port.getHost()
    if isinstance(address, UNIXAddress):
        return f"unix:{os.fsdecode(address.name or b'')}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    kind = "ssl" if isinstance(port.factory, TLSMemoryBIOFactory) else "tcp"
    return f"{kind}:{host}:{address.port}"
