"""Text that is meant to do harm, and how to see that it does none."""

from collections.abc import Iterable, Sequence
from typing import Any

CONTROLS = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))]
"""C0, DEL and C1."""

HOSTILE = [
    *(f"a{control}b" for control in CONTROLS if control != "\n"),
    "\x1b[2J\x1b[H\x1b[31mServer: all is well",  # clears the screen
    "\x1b]0;title\x07 \x1b]52;c;cm0gLXJm\x07",  # the title, the clipboard
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",  # a link elsewhere
    "\x1bP+q544e\x1b\\ \x1b[6n \x1b[5i \x9b31m \x90q\x9c",  # asks the terminal
    "https://a.example/\x1b]8;;https://evil.example\x07",
    "https://a.example/[ZeroWidthEscape]",  # prompt_toolkit's word for raw text
    "https://a.example/x[ZeroWidthEscape][SetCursorPosition]",
    "https://a.example/\u202egpj.exe https://\u0430pple.com/",
    "```python\n\x1b[2J = '\x9b'\n```",
    "`\x1b[2J` *\x1b[2J* _\x1b[2J_",
    "\u202eabc\u202c \u2066abc\u2069 \u200b\u2060\ufeff \u2028\u2029 \U000e0041",
    "alice\r\n* bob left",
    "e" + "\u0301" * 500,
    "\ud800 \udfff",
]
"""Controls and known attack strings."""

BAD = {*CONTROLS, *"\u200b\u200e\u200f\u2028\u2029\u2060\ufeff\u202a\u202b\u202c\u202d"}
BAD |= {*"\u202e\u2066\u2067\U000e0041\ud800\udfff"}
"""What must not come to the screen; FSI and PDI (U+2068, U+2069) come from the client
alone."""


def harm(rows: Iterable[Sequence[tuple[Any, ...]]]) -> list[str]:
    """Return what is not harmless in rows: in their text, or in their styles."""
    wrong = []
    for row in rows:
        for style, text, *_ in row:
            if BAD & {*style, *text} or "ZeroWidthEscape" in style:
                wrong.append(f"{style!r} {text!r}")
        shown = "".join(fragment[1] for fragment in row)
        if shown.count("\u2068") != shown.count("\u2069"):
            wrong.append(f"not isolated: {shown!r}")
    return wrong
