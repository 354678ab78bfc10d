"""Text that is meant to do harm, and how to see that it does none."""

from collections.abc import Iterable, Sequence
from typing import Any

CONTROLS = [*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))]
"""C0, DEL and C1."""

FORMATS = [
    *"\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200d\u200e\u200f",
    *map(chr, (*range(0x2028, 0x202F), *range(0x2060, 0x2070))),
    *"\u3164\ufeff\uffa0\ufff9\ufffa\ufffb\U000e0001\U000e0041\U000e007f",
]
"""What shows as nothing, turns the direction of writing, or ends a line."""

HIDDEN = {*CONTROLS, *FORMATS}

ATTACKS = [
    "\x1b[2J\x1b[H\x1b[31mServer: all is well",  # clears the screen
    "\x1b[6666;6666H \x1b[6666A \x1b[?6666h \x1b[5;6m",  # the cursor, modes, blinking
    "\x1b[?1049l \x1bc \x1b#8 \x1b(0 \x1b%@",  # another screen, resets, character sets
    "\x1b]0;title\x07 \x1b]2;title\x1b\\ \x9d0;title\x9c",  # the title
    "\x1b]52;c;cm0gLXJm\x07 \x9d52;c;cm0gLXJm\x9c",  # the clipboard
    "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",  # a link elsewhere
    "\x1b]8;;file:///etc/passwd\x07 \x1b]8;;javascript:alert(1)\x07",
    "\x1b]9;rings\x07 \x1b]777;notify;rings\x07",  # notifications
    "\x1bP+q544e\x1b\\ \x1b[6n \x1b[5i \x1b[c \x9b31m",  # asks the terminal, prints
    "\x1bPq#0;2;0;0;0~\x1b\\ \x90q~\x9c",  # a picture (sixel)
    "\x1b_Gi=31;AAAA\x1b\\ \x1b^x\x1b\\ \x1bXx\x1b\\ \x9fx\x9c",  # APC, PM, SOS
    "\x1b[201~rm -rf /\r \x1b[200~",  # the end of a paste
    "\x1b\x1b[A\x1b[",  # one that is not ended
    "\x07\x07\x07 \x08\x08\x08\x08Server:",
    "\rServer: all is well\x1b[K",
    "\r\n* bob left",
    "https://a.example/\x1b]8;;https://evil.example\x07",
    "https://a.example/[ZeroWidthEscape]",  # prompt_toolkit's word for raw text
    "https://a.example/x[ZeroWidthEscape][SetCursorPosition]",
    "https://a.example/\u202egpj.exe https://\u0430pple.com/",
    "```python\n\x1b[2J = '\x9b'\n```",
    "`\x1b[2J` *\x1b[2J* _\x1b[2J_",
    "\u202eabc\u202c \u2066abc\u2069 \u200b\u2060\ufeff \u2028\u2029 \U000e0041",
    "e" + "\u0301" * 500,
]
"""Known attack strings."""

HOSTILE = [
    *(f"a{control}b" for control in (*CONTROLS, *FORMATS) if control != "\n"),
    *ATTACKS,
    "\ud800 \udfff",
]
"""All of it."""

BAD = {*HIDDEN, *"\ud800\udfff"} - {"\u2068", "\u2069"}
"""What must not come to the screen; FSI and PDI (U+2068, U+2069) come from the client
alone."""


def mark(char: str) -> str:
    """Return what stands for a character that must not be shown."""
    return " " * 4 if char == "\t" else char.encode("unicode_escape").decode()


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
