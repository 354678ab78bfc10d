"""How a connection comes to its dialect and to its session."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable

from ecochat.core.framing import BadFrame
from ecochat.core.items import Kicked, Missing, NotOpened, Refusal, Reply, Welcomed
from ecochat.core.requests import Hello, Open, Refuse, Request
from ecochat.dialects.port import Dialect
from ecochat.dialects.structured_parser import unknown_protocol
from ecochat.net.outlet import Outlet
from ecochat.net.shell import Shell

BEFORE_A_HELLO = ("{", " ", "\t", "\r", "\n", "\ufeff")
"""How a hello can begin: of most messages no more is looked at."""


class Opening:
    """Says what asks for the session, and what of the hub's word concerns it.

    A session is asked for by the client's hello, where its dialect has one; for all
    others the link does, at the first frame or after a silence. So one that is slow to
    say its hello may have been given another session meanwhile: that ends, and nothing
    that was for it is told to the client.

    :param outlet: has the dialect that is spoken and the session's number.
    :param others: what can be spoken beside the outlet's dialect.
    :param shell: knows where the peer is, for the log and for operators.
    :param operator: whether they may do what is for operators only.
    """

    __slots__ = ("_asked", "_operator", "_others", "_outlet", "_outrun", "_shell")

    def __init__(
        self, outlet: Outlet, others: Iterable[Dialect], shell: Shell, operator: bool
    ) -> None:
        self._outlet = outlet
        self._others = others
        self._shell = shell
        self._operator = operator
        self._asked = False  # for the session, and the answer is not there yet
        self._outrun = False  # what asked for another one, by the hello

    @property
    def begun(self) -> bool:
        """Whether there is a session, or one is asked for."""
        return bool(self._outlet.session or self._asked)

    def choose(self, frame: str | BadFrame) -> bool:
        """Speak the dialect that the first frame claims; False when none does."""
        claims = (d for d in self._others if isinstance(frame, str) and d.claims(frame))
        dialect = next(claims, None)
        if dialect is None:
            return False
        self._outrun, self._asked = self._asked, False
        self._outlet.begin_anew(dialect)
        return True

    def is_late(self, frame: str) -> bool:
        """Whether a later frame, that begins like a hello, is one after all. It may
        have a key in it, and is not to be said in a room."""
        if self._outlet.dialect.needs_hello:
            return False
        return any(dialect.claims(frame) for dialect in self._others)

    def unasked(self) -> Open | None:
        """Return what asks for the session of one who need not say hello; None when
        there is nothing to ask for."""
        if self.begun or self._outlet.dialect.needs_hello:
            return None
        self._asked = True
        dialect = self._outlet.dialect
        return Open(
            self._shell.address,
            self._operator,
            dialect.is_answered,
            rooms=dialect.rooms,
            form=dialect.form,
        )

    def admitted(self, request: Request) -> Request:
        """Return what a request comes to: a hello to a session, or to a refusal, as all
        that comes before the hello."""
        if isinstance(request, Hello):
            return self._problem(request) or self._open_for(request)
        if self.begun or isinstance(request, Refuse):
            return request
        return Refuse("no_session", "say hello first", ref=request.ref)

    def _problem(self, hello: Hello) -> Refuse | None:
        if self.begun:
            text = "this connection has its session already"
            return Refuse("already_open", text, ref=hello.ref)
        return unknown_protocol(hello.protocol, hello.ref)

    def _open_for(self, hello: Hello) -> Open:
        self._asked = True
        key = hello.key
        return Open(
            self._shell.address,
            self._operator,
            self._outlet.dialect.is_answered,
            None if key is None else hashlib.sha256(key.encode()).digest(),
            hello.nick,
            hello.rooms,
            asked=True,
            ref=hello.ref,
        )

    def concerns(self, reply: Reply) -> bool:
        """Take what the hub says; False when it is for the session of before."""
        kind = type(reply.body)
        if self._outrun and kind in (Welcomed, NotOpened):
            self._outrun = False
            return False
        if self._outlet.session:
            return True
        needs_hello = self._outlet.dialect.needs_hello
        if needs_hello and not (reply.is_answer or kind in (Kicked, Missing)):
            return False
        if isinstance(reply.body, Welcomed):
            self._asked = False
            self._outlet.session = reply.body.session
        elif isinstance(reply.body, Refusal if needs_hello else NotOpened):
            self._asked = False  # and can be asked for again
        return True
