"""Makes text that others wrote harmless for a terminal, and shows what was done.

A terminal obeys control characters; characters that show as nothing, or turn the
direction of writing, make a line look like another. Each becomes a visible mark, as
Python would write it: ``\\x1b``, ``\\u202e``. Accents without end cover other lines:
of more than 15 the rest becomes an ellipsis.
"""

import re

INDENT = "    "
"""Stands before each line of a text but the first, so that none looks like a line of
its own."""

_EMOJI = "\u2190-\u2bff\ufe0f\U0001f000-\U0001faff"
_JOINING = "\u0600-\u08ff\u0900-\u0dff"
_ACCENTS = (
    "\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
    "\u0591-\u05bd\u0610-\u061a\u064b-\u065f\u0e34-\u0e3a\u0e47-\u0e4e\u0eb4-\u0ebc"
    "\u0ec8-\u0ece\u0f71-\u0f7e\u302a-\u302f\u3099\u309a"
)
"""Those of all scripts, and those of Hebrew, Arabic, Thai, Lao, Tibetan and Japanese:
words have five on a letter at most."""

_UNSAFE = re.compile(
    "[\x00-\x09\x0b-\x1f\x7f-\x9f"  # C0 without line feed, DEL, C1
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u200e\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
    # Joiners are part of emoji, and of words in some scripts; nowhere else.
    f"|(?<![{_EMOJI}])(?<![{_JOINING}])[\u200c\u200d]"
    f"|[\u200c\u200d](?![{_EMOJI}{_JOINING}])"
    f"|(?<=[{_ACCENTS}]{{15}})(?P<more>[{_ACCENTS}]+)"
)


def safe(text: str) -> str:
    """Return the text with a mark for each character that is not safe to show.

    Line feeds stay, a carriage return before one goes, a tab becomes four spaces.
    """
    return _UNSAFE.sub(_mark, text.replace("\r\n", "\n").replace("\t", INDENT))


def safe_name(name: str) -> str:
    """Return a name with a mark for each character that is not safe to show; of more
    than one line it would look like more."""
    return safe(name).replace("\n", "\\n")


def indented(text: str) -> str:
    """Return a text of one or more lines, those after the first indented."""
    return text.replace("\n", "\n" + INDENT)


def sendable(text: str) -> str:
    """Return the text as a frame can carry it: no NUL, no lone surrogates."""
    return text.replace("\0", "").encode(errors="replace").decode()


def safe_json(text: str) -> str:
    """Return JSON that means the same, with an escape for each character in its strings
    that is not safe to show."""
    return _UNSAFE.sub(_escape, text)


def _mark(match: re.Match[str]) -> str:
    return "…" if match["more"] else match[0].encode("unicode_escape").decode()


def _escape(match: re.Match[str]) -> str:
    units = match[0].encode("utf-16-be")
    pairs = zip(units[::2], units[1::2], strict=True)
    return "".join(f"\\u{high:02x}{low:02x}" for high, low in pairs)
