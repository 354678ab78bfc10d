"""Moments as they are written."""

from datetime import UTC, datetime


def timestamp(milliseconds: int, timespec: str = "milliseconds") -> str:
    """Return a time since 1970 as RFC 3339 writes it: ``2026-11-21T04:30:49.123Z``.

    :param timespec: how far it is told, as :meth:`datetime.datetime.isoformat` has it.
    """
    moment = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return moment.isoformat(timespec=timespec).replace("+00:00", "Z")
