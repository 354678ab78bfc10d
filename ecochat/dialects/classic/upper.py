"""The upper-case program: an upper-case echo, and what the operator says."""

from ecochat.core.requests import Depart, Request
from ecochat.dialects.classic.base import ClassicDialect, ClassicParser, said


class UpperParser(ClassicParser):
    """See :class:`ecochat.dialects.port.Parser`."""

    def request(self, frame: str) -> Request:
        """See :class:`ecochat.dialects.port.Parser`; upper case is Unicode's, by which
        a text can become longer (Unicode Standard, section 3.13, R1)."""
        if frame.strip().upper() == "CLOSE SOCKET":
            return Depart()
        return said(frame, frame.upper())


class UpperDialect(ClassicDialect):
    """See :class:`ecochat.dialects.port.Dialect`."""

    form = "client-{}"
    hears_others = False

    def parser(self) -> UpperParser:
        """See :class:`ecochat.dialects.port.Dialect`."""
        return UpperParser()
