"""Composition: builds the parts and wires them to where they listen."""

from __future__ import annotations

import errno
import gc
import os
import socket
import stat
import sys
import uuid
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from twisted.application.service import Service
from twisted.internet.address import UNIXAddress
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IDelayedCall, IListeningPort
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory

from ecochat.core.facts import Facts
from ecochat.core.limits import Limits
from ecochat.core.names import fold
from ecochat.dialects.plain import PlainDialect
from ecochat.dialects.structured import StructuredDialect
from ecochat.jokes import read_jokes
from ecochat.listen import endpoint_description
from ecochat.net.bucket import RateLimit
from ecochat.net.exchange import Exchange
from ecochat.net.link import LinkSettings
from ecochat.net.protocol import ChatFactory
from ecochat.net.retention import Keep, Keeper, Retention
from ecochat.net.storage import Storage
from ecochat.options import ServerOptions, give_up
from ecochat.settings import MEMORY, socket_beside
from ecochat.store.memory import MemoryStore
from ecochat.store.port import StoreError
from ecochat.store.sqlite import SQLiteStore

SWITCH_INTERVAL = 1e-4
"""Seconds a thread may be kept waiting for the interpreter. The writer gives it back at
each row; with Python's 5 ms a group of 100 beside a busy reactor took 98 ms, so 5."""

COLLECTED = 10_000
"""Objects made, less those freed, between two looks for cycles. With Python's 700 a
look at all there is, of 50 to 120 ms, comes soon when a thousand connect."""

OPERATORS = 16
"""Operators at one time: enough for their shells, few beside the files kept free."""

SOCKET_PATH = 107
"""Bytes of a UNIX socket's path (unix(7): 108 with the null byte at its end)."""

OPEN = (
    "OPEN TO THE NETWORK WITHOUT TLS: {where}. Whoever can reach it can read and write"
    " here, and whoever is on the way can listen; listen on 127.0.0.1 or with ssl:"
)

FAREWELL = 2.0
"""Seconds that clients have, when the server stops, to take what was sent to them."""


Listener = tuple[str, IListeningPort]
"""A port, and what the log says of it before it says where that is."""


class ChatService(Service):
    """The server: factories on their listeners, an exchange behind them.

    The ports are open before this is made, so that what is wrong with them is known
    before twistd leaves the terminal.

    :param factories: those of clients and of operators.
    :param ports: the open ports of both.
    :param data: where everything is kept, in words.
    """

    log = Logger()

    def __init__(
        self,
        exchange: Exchange,
        keeper: Keeper,
        factories: list[ChatFactory],
        ports: list[Listener],
        data: str,
        reactor: Any,
    ) -> None:
        exchange.stop_server = self._stop_server
        self._exchange = exchange
        self._keeper = keeper
        self._factories = factories
        self._ports = ports
        self._data = data
        self._reactor = reactor
        self._shutdown: IDelayedCall | None = None

    def startService(self) -> None:
        """Open the store and say where we listen; connections are taken from now on."""
        Service.startService(self)
        sys.setswitchinterval(SWITCH_INTERVAL)
        try:
            self._exchange.start()
        except StoreError as error:  # it could be used when it was checked
            give_up(str(error))
        self.log.info("keeping everything in {data}", data=self._data)
        for what, port in self._ports:
            _own_lock(port)
            self.log.info("{what} {where}", what=what, where=_where(port))
            if _is_open(port):
                self.log.warn(OPEN, where=_where(port))
        self._keeper.start()
        gc.freeze()  # what is here now stays: it is not looked at again
        gc.set_threshold(COLLECTED)
        self.log.info("ready")

    def _stop_server(self, seconds: int) -> None:
        due = self._shutdown
        if not self.running or (due is not None and not due.active()):
            return  # it is stopping
        if due is not None:
            due.cancel()
        self.log.info("an operator stops it in {seconds} s", seconds=seconds)
        self._shutdown = self._reactor.callLater(seconds, self._reactor.stop)

    async def _stop(self) -> None:
        if self._shutdown is not None and self._shutdown.active():
            self._shutdown.cancel()
        for _, port in self._ports:
            await self._attempt(port.stopListening)
        self._keeper.stop()
        for factory in self._factories:
            factory.stop_soon()
        await self._attempt(self._exchange.stop)
        ends = [Deferred.fromCoroutine(f.emptied(FAREWELL)) for f in self._factories]
        await gatherResults(ends)
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
        data = "memory: it is gone with the server"
        storage = Storage(MemoryStore(), reactor)
    else:
        data = os.path.abspath(options["data"])
        store = SQLiteStore(data, options["durability"])
        storage = Storage(store, reactor)
        _check(store)
    exchange = Exchange(
        Limits(message=options["max-message"], grace=bool(options["grace"])),
        storage,
        reactor,
        _facts(options),
        options["log-messages"],
        options["grace"],
    )
    keeper = Keeper(_retention(options), exchange, storage, reactor)
    clients, operators = _factories(options, exchange, reactor)
    ports = [
        ("listening on", _listen(reactor, where, clients))
        for where in options["listen"]
    ]
    if options["operator-socket"]:
        ports += _listen_to_operators(reactor, options, operators)
    return ChatService(exchange, keeper, [clients, operators], ports, data, reactor)


def _retention(options: ServerOptions) -> Retention:
    seconds, messages = (
        {fold(room): amount for room, amount in options[name]}
        for name in ("keep", "keep-messages")
    )
    general = Keep(seconds.pop("", None), messages.pop("", None))
    rooms = {
        room: Keep(
            seconds.get(room, general.seconds), messages.get(room, general.messages)
        )
        for room in (*seconds, *messages)
    }
    return Retention(general, rooms)


def _facts(options: ServerOptions) -> Facts:
    try:
        jokes = read_jokes(options["jokes"])
    except ValueError as error:  # it could be read when the options were
        give_up(f"--jokes {options['jokes']} {error}")
    return Facts(options["name"], _mac(), tuple(jokes))


def _mac() -> str:
    """Return this machine's hardware address; empty where Python had to invent one
    (RFC 9562, 6.10: then the multicast bit is set)."""
    number = uuid.getnode()
    return "" if number >> 40 & 1 else number.to_bytes(6).hex(":")


def _factories(
    options: ServerOptions, exchange: Exchange, reactor: Any
) -> tuple[ChatFactory, ChatFactory]:
    """Return what serves clients, and what serves operators."""
    password = None if options["no-classic-words"] else options["quit-password"]
    dialect = PlainDialect(options["name"], options["welcome"], password)
    limit, per_address = None, None
    if options["limits"]:
        limit = RateLimit(options["rate"], options["burst"])
        per_address = options["max-per-address"]
    others = (
        StructuredDialect(
            options["name"],
            options["max-frame"],
            options["max-message"],
            options["welcome"],
        ),
    )
    pings = options["ping-interval"]
    clients = LinkSettings(
        dialect, options["max-frame"], limit, others=others, ping_interval=pings
    )
    operators = LinkSettings(
        dialect,
        options["max-frame"],
        operator=True,
        others=others,
        ping_interval=pings,
    )
    most = options["max-clients"]
    return (
        ChatFactory(exchange, clients, most, reactor, per_address),
        ChatFactory(exchange, operators, OPERATORS, reactor),
    )


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


def _listen_to_operators(
    reactor: Any, options: ServerOptions, factory: ServerFactory
) -> list[Listener]:
    """Open the operators' socket, which its owner alone may use from the first moment.

    :raises SystemExit: when it cannot be opened; where nobody asked for it and its path
        is too long there is none, and the log says so.
    """
    path = os.path.abspath(options["operator-socket"])
    if len(os.fsencode(path)) > SOCKET_PATH:
        text = f"{path} is longer than the {SOCKET_PATH} bytes of a socket's path"
        if options["operator-socket"] != socket_beside(options["data"]):
            give_up(f"--operator-socket: {text}; choose another")
        ChatService.log.warn("no socket for operators: {text}", text=text)
        return []
    _remove_dead(path)
    umask = os.umask(0o177)
    try:
        port = reactor.listenUNIX(path, factory, mode=0o600)
        return [("operators at", port)]
    except CannotListenError as error:
        give_up(f"--operator-socket {path}: {_told(error)}; choose another place")
    finally:
        os.umask(umask)


def _remove_dead(path: str) -> None:
    """Remove the socket that a killed server has left: nobody answers there. (A lock
    that names its process would stand in the way for ever where another has its id
    now, as in a container.)"""
    with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
        probe.setblocking(False)
        refused = probe.connect_ex(path) == errno.ECONNREFUSED
        if refused and stat.S_ISSOCK(os.stat(path).st_mode):
            os.unlink(path)


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


def _is_open(port: Any) -> bool:
    """Whether others than this machine can reach it, and all can be read on the way."""
    address = port.getHost()
    if isinstance(address, UNIXAddress) or _is_tls(port):
        return False
    return not ip_address(address.host).is_loopback


def _is_tls(port: Any) -> bool:
    return isinstance(port.factory, TLSMemoryBIOFactory)


def _where(port: Any) -> str:
    address = port.getHost()
    if isinstance(address, UNIXAddress):
        return f"unix:{os.fsdecode(address.name or b'')}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    kind = "ssl" if _is_tls(port) else "tcp"
    return f"{kind}:{host}:{address.port}"
