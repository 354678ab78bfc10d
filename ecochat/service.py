"""Composition: builds the parts and wires them to where they listen."""

from __future__ import annotations

import gc
import os
import sys
import uuid
from collections.abc import Callable
from typing import Any

from msgspec.structs import replace
from twisted.application.service import Service
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from ecochat.classics import listen_for_classics
from ecochat.core.facts import Facts
from ecochat.core.limits import Limits
from ecochat.core.names import fold
from ecochat.dialects.plain import PlainDialect
from ecochat.dialects.structured import StructuredDialect
from ecochat.jokes import read_jokes
from ecochat.net.bucket import RateLimit
from ecochat.net.exchange import Exchange
from ecochat.net.link import LinkSettings
from ecochat.net.places import Places
from ecochat.net.protocol import ChatFactory
from ecochat.net.retention import Keep, Keeper, Retention
from ecochat.net.storage import Storage
from ecochat.options import ServerOptions, give_up
from ecochat.ports import (
    OPEN,
    Listener,
    is_open,
    listen,
    listen_to_operators,
    own_lock,
    where_is,
)
from ecochat.settings import MEMORY
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

FAREWELL = 2.0
"""Seconds that clients have, when the server stops, to take what was sent to them."""


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
            own_lock(port)
            self.log.info("{what} {where}", what=what, where=where_is(port))
            if is_open(port):
                self.log.warn(OPEN, where=where_is(port))
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
            factory.places.stop_soon()
        await self._attempt(self._exchange.stop)
        places = [factory.places for factory in self._factories]
        ends = [Deferred.fromCoroutine(p.emptied(FAREWELL)) for p in places]
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
        ("listening on", listen(reactor, where, clients, f"--listen {where}"))
        for where in options["listen"]
    ]
    ports += listen_for_classics(reactor, options, clients)
    if options["operator-socket"]:
        ports += listen_to_operators(reactor, options, operators)
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
    settings = LinkSettings(
        dialect,
        options["max-frame"],
        limit,
        others=others,
        ping_interval=options["ping-interval"],
    )
    places = Places(options["max-clients"], reactor, per_address)
    operators = replace(settings, rate_limit=None, operator=True)
    return (
        ChatFactory(exchange, settings, places, reactor),
        ChatFactory(exchange, operators, Places(OPERATORS, reactor), reactor),
    )


def _check(store: SQLiteStore) -> None:
    """See that the file can be used. It is closed again: SQLite's connections do not
    outlive the fork by which twistd goes into the background."""
    try:
        store.check()
    except StoreError as error:
        give_up(str(error))
    store.close()
