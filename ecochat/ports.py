"""The places where a server listens: opened, named, and how open they are."""

from __future__ import annotations

import errno
import os
import socket
import stat
from contextlib import suppress
from ipaddress import ip_address
from typing import Any

from twisted.internet.address import UNIXAddress
from twisted.internet.endpoints import serverFromString
from twisted.internet.error import CannotListenError
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import ServerFactory
from twisted.logger import Logger
from twisted.protocols.tls import TLSMemoryBIOFactory

from ecochat.listen import endpoint_description
from ecochat.options import ServerOptions, give_up
from ecochat.settings import socket_beside

SOCKET_PATH = 107
"""Bytes of a UNIX socket's path (unix(7): 108 with the null byte at its end)."""

OPEN = (
    "OPEN TO THE NETWORK WITHOUT TLS: {where}. Whoever can reach it can read and write"
    " here, and whoever is on the way can listen; listen on 127.0.0.1 or with ssl:"
)

_log = Logger()

Listener = tuple[str, IListeningPort]
"""A port, and what the log says of it before it says where that is."""


def listen(
    reactor: Any, where: str, factory: ServerFactory, given: str
) -> IListeningPort:
    """Open a place.

    :param where: see :func:`ecochat.listen.endpoint_description`.
    :param given: the option that says so, for the error: ``--listen 4040``.
    :raises SystemExit: when it cannot be opened.
    """
    try:
        endpoint = serverFromString(reactor, endpoint_description(where))
    except Exception as error:  # Twisted's parsers raise what they come upon
        give_up(
            f"{given}: {_told(error)}; write PORT, HOST:PORT, [V6ADDRESS]:PORT"
            " or a Twisted endpoint"
        )
    ports: list[IListeningPort] = []
    failures: list[Any] = []
    endpoint.listen(factory).addCallbacks(ports.append, failures.append)
    if not ports:
        why = _told(failures[0].value) if failures else "it does not listen at once"
        give_up(f"{given}: {why}; choose another place")
    return ports[0]


def listen_to_operators(
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
        _log.warn("no socket for operators: {text}", text=text)
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


def own_lock(port: Any) -> None:
    """Make the lock beside a UNIX socket name this process: it was taken before twistd
    forked, and a lock of a process that is gone is no lock."""
    lock = getattr(port, "lockFile", None)
    if lock is not None:
        with suppress(FileNotFoundError):
            os.unlink(lock.name)
        os.symlink(str(os.getpid()), lock.name)


def is_open(port: Any) -> bool:
    """Whether others than this machine can reach it, and all can be read on the way."""
    address = port.getHost()
    if isinstance(address, UNIXAddress) or is_tls(port):
        return False
    return not ip_address(address.host).is_loopback


def is_tls(port: Any) -> bool:
    """Whether what goes over it is encrypted."""
    return isinstance(port.factory, TLSMemoryBIOFactory)


def where_is(port: Any) -> str:
    """Return where a port is, as an endpoint is written."""
    address = port.getHost()
    if isinstance(address, UNIXAddress):
        return f"unix:{os.fsdecode(address.name or b'')}"
    host = f"[{address.host}]" if ":" in address.host else address.host
    kind = "ssl" if is_tls(port) else "tcp"
    return f"{kind}:{host}:{address.port}"
