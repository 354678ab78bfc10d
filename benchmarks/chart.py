"""Pictures: line charts as SVG, which a browser shows on a light and on a dark page."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

WIDTH, HEIGHT = 760, 420
LEFT, RIGHT, TOP, BOTTOM = 76, 36, 84, 56
"""Pixels around the plot: for the ticks of y, nothing, title and legend, ticks of x."""

LIGHT = ("#0b6bcb", "#c2410c", "#15803d", "#7e3fb5", "#64748b")
DARK = ("#6cb4ff", "#ff9b62", "#5fd08a", "#c9a0f5", "#a3b1c2")
"""The colours of the series, in their order; more series begin anew."""

STYLE = """
text{font:13px system-ui,"DejaVu Sans",sans-serif;fill:#334155}
.title{font-size:16px;font-weight:600;fill:#0f172a}
.page{fill:#ffffff;stroke:#d5dbe3} .grid{stroke:#e5e9ef} .axis{stroke:#94a3b8}
polyline{fill:none;stroke-width:2.2;stroke-linejoin:round;stroke-linecap:round}
"""
DARK_STYLE = """
text{fill:#b6c2d0} .title{fill:#f1f5f9}
.page{fill:#11161d;stroke:#2a3340} .grid{stroke:#232c38} .axis{stroke:#64748b}
"""

Point = tuple[float, float]


@dataclass(frozen=True)
class Axis:
    """One direction of a chart.

    :param label: what is shown, with its unit.
    :param log: whether each step is ten times the last one; all is above zero then.
    :param ticks: where a label stands, and the label; of itself at round numbers.
    """

    label: str
    log: bool = False
    ticks: Mapping[float, str] | None = None

    def marks(self, values: Sequence[float]) -> dict[float, str]:
        """Return the ticks for values that are shown, with their labels."""
        if self.ticks is not None:
            return dict(self.ticks)
        places = _log_ticks(values) if self.log else _linear_ticks(values)
        return {place: number(place) for place in places}

    def fraction(self, value: float, low: float, high: float) -> float:
        """Return where a value is between two others: 0 at the first, 1 at the last."""
        if self.log:
            value, low, high = math.log(value), math.log(low), math.log(high)
        return (value - low) / (high - low) if high > low else 0.5


@dataclass(frozen=True)
class Chart:
    """Lines over two axes.

    :param series: the points of each line by its name, by rising x. A line of more
        than 40 points has no dots.
    """

    title: str
    x: Axis
    y: Axis
    series: Mapping[str, Sequence[Point]]

    def svg(self) -> str:
        """Return the picture."""
        columns = [x for points in self.series.values() for x, _ in points]
        heights = [y for points in self.series.values() for _, y in points]
        across, up = self.x.marks(columns), self.y.marks(heights)
        left, right = min(*columns, *across), max(*columns, *across)
        low, high = min(*heights, *up), max(*heights, *up)

        def place(point: Point) -> Point:
            wide, tall = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
            x = LEFT + wide * self.x.fraction(point[0], left, right)
            return x, HEIGHT - BOTTOM - tall * self.y.fraction(point[1], low, high)

        parts = [_head(self.title)]
        parts += [_across(place((x, low))[0], label) for x, label in across.items()]
        parts += [_up(place((left, y))[1], label) for y, label in up.items()]
        parts.append(_labels(self.x.label, self.y.label))
        for order, (name, points) in enumerate(self.series.items()):
            parts.append(_line([place(point) for point in points], order))
            parts.append(_legend(name, order, list(self.series)))
        return "\n".join([*parts, "</svg>\n"])

    def save(self, path: Path) -> None:
        """Write the picture to a file."""
        path.write_text(self.svg())


def number(value: float) -> str:
    """Return a number as people read it: ``1,000``, ``2.5 M``, ``0.05``."""
    if abs(value) >= 1e6:
        return f"{value / 1e6:,.6g} M"
    return f"{value:,.10g}"


def _linear_ticks(values: Sequence[float]) -> list[float]:
    """Return up to nine round numbers from zero up, the last not below any value."""
    high = max(*values, 1e-9)
    unit = 10.0 ** math.floor(math.log10(high / 8))
    step = next(unit * times for times in (1, 2, 5, 10) if high / unit / times <= 8)
    return [step * count for count in range(math.ceil(high / step) + 1)]


def _log_ticks(values: Sequence[float]) -> list[float]:
    """Return powers of ten, and 3 times each, within which all values are."""
    low, high = min(values), max(values)
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    places = [times * 10.0**decade for decade in decades for times in (1, 3)]
    first = max(place for place in places if place <= low)
    last = min((place for place in places if place >= high), default=places[-1])
    return [place for place in places if first <= place <= last]


def _head(title: str) -> str:
    """Return the beginning of the file: the colours, the page, the title."""
    colours, dark = (
        "".join(
            f".s{order}{{stroke:{colour}}} .d{order}{{fill:{colour}}}\n"
            for order, colour in enumerate(palette)
        )
        for palette in (LIGHT, DARK)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}"'
        f' width="{WIDTH}" height="{HEIGHT}" role="img" aria-label="{escape(title)}">\n'
        f"<style>{STYLE}{colours}"
        f"@media (prefers-color-scheme: dark) {{{DARK_STYLE}{dark}}}</style>\n"
        f'<rect class="page" x=".5" y=".5" width="{WIDTH - 1}" height="{HEIGHT - 1}"'
        ' rx="8"/>\n'
        f'<text class="title" x="24" y="34">{escape(title)}</text>'
    )


def _across(x: float, label: str) -> str:
    """Return a tick of the x axis."""
    base = HEIGHT - BOTTOM
    return (
        f'<path class="axis" d="M{x:.1f} {base}v5"/>'
        f'<text x="{x:.1f}" y="{base + 20}" text-anchor="middle">{escape(label)}</text>'
    )


def _up(y: float, label: str) -> str:
    """Return a tick of the y axis, and its line across the plot."""
    return (
        f'<path class="grid" d="M{LEFT} {y:.1f}H{WIDTH - RIGHT}"/>'
        f'<text x="{LEFT - 8}" y="{y + 4.5:.1f}" text-anchor="end">{escape(label)}'
        "</text>"
    )


def _labels(across: str, up: str) -> str:
    """Return what the axes show: x below its ticks, y above its own."""
    base = HEIGHT - BOTTOM
    return (
        f'<path class="axis" d="M{LEFT} {base}H{WIDTH - RIGHT}"/>'
        f'<text x="{WIDTH - RIGHT}" y="{HEIGHT - 14}" text-anchor="end">'
        f'{escape(across)}</text><text x="24" y="{TOP - 28}">{escape(up)}</text>'
    )


def _line(points: Sequence[Point], order: int) -> str:
    """Return one series."""
    colour = order % len(LIGHT)
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "" if len(points) > 40 else _dots(points, colour)
    return f'<polyline class="s{colour}" points="{path}"/>{dots}'


def _dots(points: Sequence[Point], colour: int) -> str:
    return "".join(
        f'<circle class="d{colour}" cx="{x:.1f}" cy="{y:.1f}" r="3.6"/>'
        for x, y in points
    )


def _legend(name: str, order: int, names: Sequence[str]) -> str:
    """Return a series' name at the right above the plot, with a bit of its line."""
    behind = sum(34 + 7.4 * len(other) for other in names[order + 1 :])
    x, y = WIDTH - RIGHT - behind, TOP - 28
    start = x - 7.4 * len(name) - 22
    return (
        f'<polyline class="s{order % len(LIGHT)}" points="{start:.0f},{y - 4.5}'
        f' {start + 16:.0f},{y - 4.5}"/>'
        f'<text x="{start + 22:.0f}" y="{y}">{escape(name)}</text>'
    )
