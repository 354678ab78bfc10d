"""How everything looks: the terminal's own sixteen colours, which its owner has chosen
for a light or a dark background, and attributes. Whatever matters has a sign or an
attribute too, for those who see no colours or want none (NO_COLOR)."""

from ecochat.client.lines import COLOURS, nick_colour

STYLE = {
    # The log
    "time": "dim",
    "number": "dim",
    "bar": "dim",
    "bar.called": "bold ansiyellow",
    "quiet": "dim",
    "rule": "dim",
    "rule.fresh": "bold ansicyan nodim",
    "error": "ansired",
    "server": "bold",
    "own": "bold",
    "pending": "dim",
    "refused": "ansired",
    "found": "reverse",
    **{f"nick-{colour}": f"ansi{colour}" for colour in COLOURS},
    # What people write
    "bold": "bold",
    "italic": "italic",
    "link": "underline",
    "called": "bold ansiyellow",
    "code": "ansicyan",
    "code.comment": "dim noinherit",
    "code.keyword": "ansimagenta bold",
    "code.literal": "ansicyan",
    "code.literal.string": "ansigreen",
    "code.name": "noinherit",
    "code.name.builtin": "ansicyan",
    "code.name.class": "ansiblue",
    "code.name.decorator": "ansiyellow",
    "code.name.function": "ansiblue",
    "code.name.tag": "ansiblue",
    "code.generic.deleted": "ansired",
    "code.generic.inserted": "ansigreen",
    "code.operator": "noinherit",
    "code.punctuation": "noinherit",
    "code.text": "noinherit",
    # Around the log
    "line": "dim",
    "title": "",
    "title.room": "bold",
    "status": "reverse",
    "status.good": "",
    "status.bad": "bold",
    "hint": "reverse",
    "question": "bold",
    "chosen": "reverse",
    "key": "bold",
    "room": "",
    "room.current": "reverse",
    "room.unread": "bold",
    "room.called": "bold ansiyellow",
    "room.quiet": "dim",
    "nbsp": "nounderline noinherit",
    "control-character": "noinherit",
    # prompt_toolkit's own
    "completion-menu": "noinherit",
    "completion-menu.completion.current": "noinherit reverse",
    "completion-menu.meta.completion": "noinherit dim",
    "completion-menu.meta.completion.current": "noinherit reverse",
    "scrollbar.background": "noinherit",
    "scrollbar.button": "noinherit reverse",
}
"""For :meth:`prompt_toolkit.styles.Style.from_dict`."""


def nick_style(nick: str, own_nick: str = "") -> str:
    """Return the style of a person's name, the same in every room and run."""
    return "class:own" if nick == own_nick else f"class:nick-{nick_colour(nick)}"
