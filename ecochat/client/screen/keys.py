"""What keys do on the screen: one table, which is also what F1 shows."""

from collections.abc import Callable
from functools import partial
from itertools import chain, repeat
from typing import NamedTuple

from prompt_toolkit.filters import Condition, Filter
from prompt_toolkit.key_binding import KeyPressEvent
from prompt_toolkit.keys import Keys

from ecochat.client.screen.face import ROOMS, Face
from ecochat.client.screen.finding import answerable
from ecochat.client.screen.focus import bind_focus
from ecochat.client.screen.panes import NARROW
from ecochat.client.screen.questions import Question
from ecochat.client.screen.switcher import Choice, choice
from ecochat.client.screen.wrapping import wrapped
from ecochat.client.terminal.typed import PASTED, pasted

HOME_HINT = "Home again goes to the first message"
LEAVE_HINT = "Ctrl-C again to leave"

KEYS_LABEL = "Keys (Esc closes, letters find): "

NOWHERE_HINT = "not sent yet: you are in no room; /join one"


class Key(NamedTuple):
    """Keys that do the same.

    :param shown: how people call them.
    :param help: what they do, in a few words.
    :param sequences: the keys as prompt_toolkit calls them, each a sequence; none for
        what prompt_toolkit does by itself.
    :param do: does it.
    :param when: only where one writes (``writing``), only where something is asked
        (``asking``), only in the list of keys (``keys``), or everywhere.
    """

    shown: str
    help: str
    sequences: tuple[str, ...] = ()
    do: Callable[[Face], object] = lambda face: None
    when: str = ""


def give_keys(face: Face) -> None:
    """Have the keys of the table work on a face."""
    filters = {
        "": Condition(lambda: True),
        "writing": Condition(lambda: face.is_writing),
        "asking": Condition(lambda: face.questions.asked is not None),
        "keys": Condition(lambda: _shows_keys(face)),
    }
    for key in (*KEYS, *_QUIET):
        for sequence in key.sequences:
            _bind(face, sequence, key, filters[key.when])

    bind_focus(face.bindings, face.focus)

    @face.bindings.add(Keys.BracketedPaste)
    def _pasted(event: KeyPressEvent) -> None:
        paste(face, pasted(event.data))

    @face.bindings.add(Keys.Any, filter=Condition(lambda: face.questions.is_suggested))
    def _replace(event: KeyPressEvent) -> None:
        face.questions.insert(event.data)


def _shows_keys(face: Face) -> bool:
    """Whether the keys are shown, and none was looked for yet."""
    return face.questions.label == KEYS_LABEL and not face.questions.answer.text


def _bind(face: Face, sequence: str, key: Key, when: Filter) -> None:
    is_eager = key.when == "asking"  # Alt-A is none there, so Escape is never a part

    @face.bindings.add(*sequence.split(), filter=when, eager=is_eager)
    def _pressed(event: KeyPressEvent) -> None:
        key.do(face)


# Rooms


def go_to(face: Face, number: int) -> None:
    """Go to the room of this number, from 1, in the order shown."""
    names = list(face.model.rooms)
    if number <= len(names):
        face.model.go(names[number - 1])


def switch(face: Face) -> None:
    """Have a room chosen, those with something new first."""
    rooms = sorted(face.model.rooms.values(), key=lambda room: not room.unread)
    go = face.model.go
    face.choose(
        "Go to: ",
        [
            choice(
                room.name,
                f"{room.unread} new" * bool(room.unread) or room.topic,
                partial(go, room.name),
            )
            for room in rooms
        ],
    )


# The log


def page(face: Face, by: int) -> None:
    """Scroll by pages, of which one row stays."""
    face.scroll(by * max(1, face.height - 1))


def to_end(face: Face) -> None:
    """Go to what is newest."""
    face.model.to_end(face.model.room)


def escape(face: Face) -> None:
    """Put an end to a completion, or to looking around or back."""
    if face.writing.buffer.complete_state is not None:
        face.writing.buffer.cancel_completion()
    else:
        face.back()


def home(face: Face) -> None:
    """Go to the beginning of the line, or far back in an empty one's room; the second
    time to the first that was said there."""
    if face.writing.text:
        buffer = face.writing.buffer
        buffer.cursor_position += buffer.document.get_start_of_line_position()
    elif face.was_hinted == HOME_HINT:
        face.model.to_first(face.model.room)
    else:
        face.scroll(-10 * face.height)
        face.hint = HOME_HINT


def end(face: Face) -> None:
    """Go to the end of the line, or, in an empty one, to what is newest."""
    if face.writing.text:
        buffer = face.writing.buffer
        buffer.cursor_position += buffer.document.get_end_of_line_position()
    else:
        to_end(face)


def choose_reply(face: Face) -> None:
    """Have a message chosen that one wants to answer."""
    face.choose("Reply to: ", answerable(face.model.room, face.writing.put))


# Writing


def paste(face: Face, text: str) -> None:
    """Take what was pasted; many lines, or more than may be sent, only when that is
    meant."""
    if face.questions.asked is not None:
        face.questions.insert(text.replace("\n", " "))
        return
    lines, most = text.count("\n") + 1, face.model.longest
    is_too_long = (size := len(face.writing.text + text)) > most
    if lines <= PASTED and not is_too_long:
        face.writing.buffer.insert_text(text)
        return

    def take(answer: str) -> None:
        if answer.strip().lower() in ("", "y", "yes"):
            face.writing.buffer.insert_text(text)

    counted = f"{lines} line{'s' * (lines != 1)}"
    if is_too_long:
        counted += f", {size:,} characters ({most:,} may be sent)"
    face.ask(Question(f"Paste {counted}? Enter: yes, Esc: no ", take))


def send(face: Face) -> None:
    """Say what is written; what is for a room waits in the line until one is in one."""
    if face.model.current or face.writing.text.startswith(("/", "CONNECT")):
        face.writing.send()
    else:
        face.hint = NOWHERE_HINT


def up(face: Face) -> None:
    """Go up a line, or get back what one wrote; say why that cannot be had."""
    face.hint = face.writing.up()


def interrupt(face: Face) -> None:
    """Drop what is written; the second time, in a line that is empty now, leave."""
    if not face.writing.clear() and face.was_hinted == LEAVE_HINT:
        face.end()
    else:
        face.hint = LEAVE_HINT


def leave(face: Face) -> None:
    """Leave, in an empty line; else drop the letter behind the cursor."""
    if face.writing.text:
        face.writing.buffer.delete()
    else:
        face.end()


def leave_question(face: Face) -> None:
    """Do without an answer where nothing is written, or leave where one is nowhere yet;
    else drop the letter behind the cursor."""
    if face.questions.answer.text:
        face.questions.answer.delete()
    elif face.questions.picker is not None or face.model.current:
        face.questions.dismiss()
    else:
        face.end()


def choose(face: Face, by: int) -> None:
    """Choose another one of a list."""
    if face.questions.picker is not None:
        face.questions.picker.move(by)


def show_keys(face: Face) -> None:
    """Show this table, or no longer."""
    if face.questions.label == KEYS_LABEL:
        face.questions.dismiss()
        return
    columns = face.app.output.get_size().columns
    face.questions.look(
        KEYS_LABEL, [row for key in KEYS for row in _shown(key, face, columns)]
    )


def _shown(key: Key, face: Face, columns: int) -> list[Choice]:
    """Return the rows of a key; where they are narrow, what it does has several."""
    width = max(len(key.shown) for key in KEYS)
    space = columns - width - (ROOMS + 5 if columns >= NARROW else 4)
    heads = chain([key.shown], repeat(""))
    return [
        Choice(
            f"{key.shown} {key.help}",
            [("class:key", f"{head:{width}}"), ("", "  "), *row],
            partial(key.do, face),
        )
        for head, row in zip(heads, wrapped([("", key.help)], space), strict=False)
    ]


def _new_line(face: Face) -> None:
    face.writing.buffer.insert_text("\n")


def _older(face: Face) -> None:
    face.writing.buffer.history_backward()


def _newer(face: Face) -> None:
    face.writing.buffer.history_forward()


def _suspend(face: Face) -> None:
    face.app.suspend_to_background()


def _by_numbers() -> tuple[Key, ...]:
    return tuple(
        Key(f"Alt-{n}", "", (f"escape {n}",), partial(_go_to, n)) for n in range(1, 10)
    )


def _go_to(number: int, face: Face) -> None:
    go_to(face, number)


KEYS = (
    Key("Enter", "send", ("enter",), send, "writing"),
    Key("Alt-Enter", "another line", ("escape enter",), _new_line, "writing"),
    Key(
        "Tab",
        "complete what you write; again: the next",
        ("tab",),
        lambda f: f.writing.complete(),
        "writing",
    ),
    Key(
        "Up",
        "edit your last message, or what was refused",
        ("up",),
        up,
        "writing",
    ),
    Key("Ctrl-Up", "what you typed before", ("c-up",), _older, "writing"),
    Key("Ctrl-Down", "what you typed after that", ("c-down",), _newer, "writing"),
    Key("Ctrl-R", "search what you typed before"),
    Key("Alt-R", "reply to a message", ("escape r",), choose_reply, "writing"),
    Key("Alt-1 … Alt-9", "go to that room"),
    Key("Ctrl-N", "next room", ("c-n",), lambda f: f.model.go_by(1), "writing"),
    Key("Ctrl-P", "room before", ("c-p",), lambda f: f.model.go_by(-1), "writing"),
    Key("Ctrl-K", "go to a room by some letters", ("c-k",), switch),
    Key(
        "Alt-A",
        "next room with something new",
        ("escape a",),
        lambda f: f.model.go_unread(),
        "writing",
    ),
    Key("PageUp", "look back", ("pageup",), lambda f: page(f, -1)),
    Key("PageDown", "forward again", ("pagedown",), lambda f: page(f, 1)),
    Key("Shift-Up", "look back by a row", ("s-up",), lambda f: f.scroll(-1)),
    Key("Shift-Down", "forward by a row", ("s-down",), lambda f: f.scroll(1)),
    Key(
        "Home",
        "in an empty line far back; twice: the first",
        ("home",),
        home,
    ),
    Key("End", "line's end; in an empty line what is newest", ("end",), end),
    Key("Esc", "back to where you were, or to the newest", ("escape",), escape),
    Key("F1", "these keys; /help lists the commands", ("f1",), show_keys),
    Key("Ctrl-L", "draw everything again"),
    Key("Ctrl-Z", "suspend; fg in the shell goes on", ("c-z",), _suspend),
    Key("Ctrl-D", "leave, in an empty line", ("c-d",), leave, "writing"),
    Key("Ctrl-C", "drop the line; twice: leave", ("c-c",), interrupt, "writing"),
)
"""All keys, in the order in which they are shown."""

_QUIET = (
    *_by_numbers(),
    Key("Enter", "", ("enter",), lambda f: f.reply(), "asking"),
    Key("Esc", "", ("escape", "c-c", "c-g"), lambda f: f.questions.dismiss(), "asking"),
    Key("Ctrl-D", "", ("c-d",), leave_question, "asking"),
    Key("Up", "", ("up", "c-p"), lambda f: choose(f, -1), "asking"),
    Key("Down", "", ("down", "c-n", "tab"), lambda f: choose(f, 1), "asking"),
    Key("Down", "", ("down",), lambda f: f.writing.down(), "writing"),
    Key("q", "", ("q",), lambda f: f.questions.dismiss(), "keys"),
)
"""What is not worth a row of its own."""
