"""Listening for the unchanged clients of the classroom programs (docs/classic.md)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from ecochat.dialects.classic.ack import AckDialect
from ecochat.dialects.classic.eco import EcoDialect
from ecochat.dialects.classic.nick import NickDialect
from ecochat.dialects.classic.upper import UpperDialect
from ecochat.dialects.port import Dialect
from ecochat.kinds import ALL
from ecochat.listen import CLASSIC, endpoint_description
from ecochat.net.handover import HandOverFactory
from ecochat.net.protocol import ChatFactory
from ecochat.options import ServerOptions, give_up
from ecochat.ports import Listener, listen

_DIALECTS: dict[str, Callable[[ServerOptions], Dialect]] = {
    "eco": lambda o: EcoDialect(o["classic-room"], o["quit-password"]),
    "ack": lambda o: AckDialect(o["classic-room"]),
    "upper": lambda o: UpperDialect(o["classic-room"]),
    "nick": lambda o: NickDialect(o["classic-room"]),
}


def listen_for_classics(
    reactor: Any, options: ServerOptions, clients: ChatFactory
) -> list[Listener]:
    """Open the places that ``--classic`` says.

    :param clients: whose places these clients take, too.
    :raises SystemExit: when one cannot be opened.
    """
    listeners: list[Listener] = []
    for kind, where in _wanted(options["classic"]):
        factory = clients.speaking(_DIALECTS[kind](options))
        given = f"--classic {kind}{f'={where}' if where else ''}"
        open_for = _hand_over if kind == "eco" else _open
        listeners += open_for(
            reactor, kind, where or str(CLASSIC[kind]), factory, given
        )
    return listeners


def _wanted(classic: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for kind, where in classic:
        yield from [(each, "") for each in CLASSIC] if kind == ALL else [(kind, where)]


def _open(
    reactor: Any, kind: str, where: str, factory: ChatFactory, given: str
) -> list[Listener]:
    return [(f"classic {kind} on", listen(reactor, where, factory, given))]


def _hand_over(
    reactor: Any, kind: str, where: str, factory: ChatFactory, given: str
) -> list[Listener]:
    """Open the place that tells of another one beside it, and that one: the clients of
    the echo program are told a port number first, and talk there."""
    if endpoint_description(where).split(":")[0] not in ("tcp", "tcp6"):
        how = "write eco=PORT or eco=HOST:PORT"
        give_up(f"{given}: its clients are told a port number, {how}")
    first = HandOverFactory(0)
    port = listen(reactor, where, first, given)
    address: Any = port.getHost()
    host = f"[{address.host}]" if ":" in address.host else address.host
    talks = listen(reactor, f"{host}:0", factory, given)
    told: Any = talks.getHost()
    first.port = told.port
    return [(f"classic {kind} on", port), (f"classic {kind} talks on", talks)]
