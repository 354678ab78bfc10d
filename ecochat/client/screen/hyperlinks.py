"""Links that a terminal can follow (OSC 8), in prompt_toolkit's screen.

An escape sequence before a text and one behind it would not do: of a new screen only
the cells that differ are written, and each sequence only with its one cell, so that a
link would stay open, or a cell keep that of the row which was there before. So a link
is an attribute of a cell, as a colour is: its address stands in the style, in brackets,
which prompt_toolkit takes no notice of.
"""

import re
from collections.abc import Hashable
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.output import ColorDepth
from prompt_toolkit.output.vt100 import Vt100_Output
from prompt_toolkit.styles import DEFAULT_ATTRS, Attrs, BaseStyle

_ADDRESS = re.compile(r"\[(https?://[^\s\[\]]+)\]")


class LinkOutput(Vt100_Output):
    """A terminal that is told of links. Made by ``LinkOutput.from_pty(sys.stdout)``."""

    _open = ""

    def set_attributes(self, attrs: Attrs, color_depth: ColorDepth) -> None:
        """See prompt_toolkit."""
        self._follow(getattr(attrs, "address", ""))
        super().set_attributes(attrs, color_depth)

    def reset_attributes(self) -> None:
        """See prompt_toolkit."""
        self._follow("")
        super().reset_attributes()

    def _follow(self, address: str) -> None:
        if address != self._open:
            self._open = address
            self.write_raw(f"\x1b]8;;{address}\x1b\\")


def show_links(app: Application[Any]) -> None:
    """Have an application whose output is a :class:`LinkOutput` show links."""
    app.renderer.style = _LinkStyle(app.renderer.style)


class _Linked(Attrs):
    """How a cell looks that is part of a link."""

    address: str

    def __eq__(self, other: object) -> bool:
        same = self.address == getattr(other, "address", "")
        return same and super().__eq__(other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = Attrs.__hash__


class _LinkStyle(BaseStyle):
    """A style that keeps the address of a link."""

    def __init__(self, style: BaseStyle) -> None:
        self._style = style

    def get_attrs_for_style_str(
        self, style_str: str, default: Attrs = DEFAULT_ATTRS
    ) -> Attrs:
        """See prompt_toolkit."""
        attrs = self._style.get_attrs_for_style_str(style_str, default)
        found = _ADDRESS.search(style_str)
        if found is None:
            return attrs
        linked = _Linked(*attrs)
        linked.address = found[1]
        return linked

    @property
    def style_rules(self) -> list[tuple[str, str]]:
        """See prompt_toolkit."""
        return self._style.style_rules

    def invalidation_hash(self) -> Hashable:
        """See prompt_toolkit."""
        return self._style.invalidation_hash()
