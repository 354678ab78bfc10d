"""How everything looks: in the terminal's own colours, light or dark, in a few others
that can be read on both, and in attributes. Whatever matters has a sign or an attribute
too, for those who see no colours or want none (NO_COLOR)."""

from ecochat.client.lines import COLOURS, RED, nick_colour, rgb

_IN = {name: rgb(number) for name, number in COLOURS.items()} | {"red": rgb(RED)}

STYLE = {
    # The log
    "time": "dim",
    "number": "dim",
    "bar": "dim",
    "bar.called": f"bold {_IN['yellow']}",
    "quiet": "dim",
    "rule": "dim",
    "rule.fresh": f"bold {_IN['cyan']} nodim",
    "error": _IN["red"],
    "server": "bold",
    "own": "bold",
    "pending": "dim",
    "refused": _IN["red"],
    "found": "reverse",
    **{f"nick-{name}": _IN[name] for name in COLOURS},
    # What people write
    "bold": "bold",
    "italic": "italic",
    "link": "underline",
    "called": f"bold {_IN['yellow']}",
    "code": _IN["cyan"],
    "code.comment": "dim noinherit",
    "code.keyword": f"{_IN['magenta']} bold",
    "code.literal": _IN["cyan"],
    "code.literal.string": _IN["green"],
    "code.name": "noinherit",
    "code.name.builtin": _IN["cyan"],
    "code.name.class": _IN["blue"],
    "code.name.decorator": _IN["yellow"],
    "code.name.function": _IN["blue"],
    "code.name.tag": _IN["blue"],
    "code.generic.deleted": _IN["red"],
    "code.generic.inserted": _IN["green"],
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
    "room.called": f"bold {_IN['yellow']}",
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
