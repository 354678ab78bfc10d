"""What must hold of delivery's state between two turns, whatever has happened."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from ecochat.net.channel import Audience, Channel, Way
from ecochat.net.outlet import Outlet


class Invariants:
    """Looks at all channels and outlets of a server, again and again.

    What it finds wrong it raises as an :class:`AssertionError`.
    """

    def __init__(self) -> None:
        self._alone: dict[Channel, int] = {}

    def check(self, channels: Iterable[Channel], outlets: Iterable[Outlet]) -> None:
        """Look at them, and at rooms too that only outlets still know."""
        outlets = list(outlets)
        heard = {channel for outlet in outlets for channel in outlet.positions}
        wanted = _audiences(outlets)
        for channel in {*channels, *heard, *self._alone}:
            assert channel.told == channel.last, f"{channel.name}: not all is told"
            found = {way: a for way, a in channel.audiences.items() if a}
            assert found == wanted[channel], f"{channel.name}: a wrong audience"
            alone = self._alone.setdefault(channel, channel.alone[channel])
            assert channel.alone == {channel: alone}, f"{channel.name}: alone changed"
        for outlet in outlets:
            _check(outlet)


def _audiences(outlets: Iterable[Outlet]) -> dict[Channel, dict[Way, Audience]]:
    """Return in which audiences the outlets have to be: live ones in those of all the
    rooms that they hear, as they see them; the others in none."""
    wanted: dict[Channel, dict[Way, Audience]] = defaultdict(dict)
    for outlet in outlets:
        for channel in outlet.positions if outlet.live else ():
            way = outlet.dialect, outlet._heard.view(channel, outlet.dialect)
            wanted[channel].setdefault(way, {})[outlet._pipe.send] = outlet
    return wanted


def _check(outlet: Outlet) -> None:
    name = f"s{outlet.session}"
    assert not (outlet.live and outlet._closed), f"{name}: live, but closed"
    assert not (outlet.live and outlet._owed), f"{name}: live, but owed something"
    shared = [c for c in outlet.positions if outlet.positions is c.alone]
    if outlet.live:
        assert len(outlet.positions) != 1 or shared, f"{name}: not shared"
    else:
        assert not shared, f"{name}: behind, with what is everyone's"
        ahead = [c.name for c, n in outlet.positions.items() if n > c.told]
        assert not ahead, f"{name}: ahead in {ahead}"
