"""The manual page, made from the tables that the programs themselves are made from.

``python -m ecochat.manual > docs/ecochat.1``; see groff_man(7) for the format.
"""

import argparse
import re
import sys
from collections.abc import Callable, Iterator
from itertools import cycle

from ecochat import __version__
from ecochat.core.commands import COMMANDS
from ecochat.main import ENVIRONMENT, SUBCOMMANDS, make_parser
from ecochat.settings import ACTIONS, SETTINGS, Setting
from ecochat.shell.outcome import STATUSES

FILES = {
    "ecochat.sqlite": "What a server keeps, in the folder in which it was started"
    " (--data); beside it, while the server runs, files ending in -wal and -shm that"
    " belong to it.",
    "ecochat.sqlite.operator": "The socket for operators (--operator-socket).",
    "~/.config/ecochat/client.json": "Names, servers and rooms; how far one has read in"
    " those, and drafts, are in ~/.local/state/ecochat/rooms.json.",
    "~/.config/ecochat/known-servers": "The certificates that were accepted (--tls),"
    " one a line; who takes one out is asked again.",
    "~/.local/share/ecochat/outbox.sqlite": "What was written and is not known to be"
    " stored.",
    "~/.local/state/ecochat/input-history": "What was typed in the chat; below"
    " $XDG_STATE_HOME where that is set. What was typed in the console is in"
    " console-history there.",
}

EXAMPLES = {
    "twistd -n ecochat": "Serve this machine, in the foreground.",
    "ecochat": "Talk to it.",
    "ecochat --nick alice chat.example.org": "Talk to another, under a name.",
    "make 2>&1 | tail -n 20 | ecochat send --whole --room builds": "Send what a program"
    " wrote as one message.",
    'ecochat send --once "backup-$(date +%F)" "the backup is done"': "Send one message,"
    " however often this is run.",
    "ecochat tail --follow --json | jq --unbuffered -r .text": "Give what is said to"
    " another program.",
    "ecochat backup saved.sqlite": "Copy what it keeps, while it runs.",
    r"printf 'the build is green\0' | nc -N localhost 4040": "Say something from a"
    " script; nothing of EcoChat is needed for it.",
}

_ESCAPES = {"\\": r"\e", "-": r"\-", "'": r"\(aq", "`": r"\(ga", "^": r"\(ha"}
_ESCAPES |= {"~": r"\(ti"}


def manual() -> str:
    """Return the whole page."""
    lines = [f'.TH ECOCHAT 1 "" "EcoChat {__version__}" "EcoChat"']
    for title, section in SECTIONS.items():
        lines += [f".SH {title}", *section()]
    page = "\n".join(lines) + "\n"
    return re.sub(r"(?m)(^\.S[HS] .*\n)\.PP\n", r"\1", page)  # they begin one


def _escape(text: str) -> str:
    """Return text as roff shows it: no character is read as markup."""
    text = "".join(_ESCAPES.get(character, character) for character in text)
    text = re.sub(r"[^\x20-\x7e]", lambda found: rf"\[u{ord(found[0]):04X}]", text)
    return rf"\&{text}" if text.startswith(".") else text


def _paragraph(text: str) -> Iterator[str]:
    """Yield a paragraph, each sentence a line of its own, as roff wants them."""
    yield ".PP"
    yield from _sentences(text)


def _sentences(text: str) -> list[str]:
    return [_escape(part) for part in re.split(r"(?<=\.) +", text)]


def _usage(text: str) -> str:
    """Return how to write something: in italics what is to be filled in, in bold the
    first word and options."""
    parts = re.split(r"(^[^\s,]+|--?[a-z][a-z-]*|\b[A-Z]+\b)", text)
    return "".join(map(_font, parts, cycle((False, True))))


def _font(part: str, marked: bool) -> str:
    if not marked:
        return _escape(part)
    font = "I" if re.fullmatch("[A-Z]+", part) else "B"
    return rf"\f{font}{_escape(part)}\fR"


def _item(usage: str, text: str) -> Iterator[str]:
    """Yield something to write, and what it is."""
    yield ".TP"
    yield _usage(usage)
    yield from _sentences(text)


def _name() -> Iterator[str]:
    yield r"ecochat \- talk on an EcoChat server, and look after one"


def _synopsis() -> Iterator[str]:
    words = ["", *SUBCOMMANDS]
    lines = [_line_of(make_parser(word)) for word in words]
    for line in lines:
        yield from (_usage(line), ".br")
    yield _usage("twistd [TWISTD OPTIONS] ecochat [OPTIONS]")


def _line_of(parser: argparse.ArgumentParser) -> str:
    """Return the usage of a parser in one line, without what every one has."""
    actions = [a for a in _shown_of(parser) if a.dest not in ("help", "version")]
    options = [_shown(a) for a in actions if a.option_strings]
    places = [_shown(a) for a in actions if not a.option_strings]
    return " ".join([parser.prog, *options, *places])


def _shown_of(parser: argparse.ArgumentParser) -> list[argparse.Action]:
    return [a for a in parser._actions if a.help != argparse.SUPPRESS]


def _shown(action: argparse.Action) -> str:
    word = " ".join((*action.option_strings[-1:], *_values(action)))
    return word if action.required else f"[{word}]"


def _values(action: argparse.Action) -> list[str]:
    """Return what an action's value is called; nothing for a flag."""
    if action.nargs == 0:
        return []
    name = str(action.metavar or action.dest.upper())
    return [name, "..."] if action.nargs == "+" else [name]


def _description() -> Iterator[str]:
    yield from _paragraph(
        "EcoChat is a chat server for a class, a lab, a team or a club. What it"
        " acknowledges is on its disk, and what is said in a room is numbered without"
        " a hole. Anything that can write to a socket can talk through it: a frame is"
        " UTF-8 text and a null byte."
    )
    yield from _paragraph(
        "This page tells of ecochat, which opens a chat in the terminal or does one"
        " thing in it for a shell, and of twistd"
        " ecochat, which is the server. A first word that is one of the commands below"
        " is that command; any other is the server to talk to: a host, host:port, or an"
        " endpoint of Twisted, as tls:host:port or unix:path."
    )


def _options() -> Iterator[str]:
    yield from _arguments(make_parser())


def _arguments(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in _shown_of(parser):
        usage = " ".join([", ".join(action.option_strings), *_values(action)]).strip()
        yield from _item(usage, _end((action.help or "") % vars(action)))


def _end(text: str) -> str:
    """Return a line of help as a sentence."""
    return f"{text[:1].upper()}{text[1:]}."


def _commands() -> Iterator[str]:
    for word, row in SUBCOMMANDS.items():
        parser = make_parser(word)
        yield f".SS {_escape(_line_of(parser))}"
        yield from _paragraph(row.description)
        yield from _arguments(parser)


def _talking() -> Iterator[str]:
    yield from _paragraph(
        "What one types is said in the current room, unless it begins with a slash."
        " These can be written in any case; // says a slash."
    )
    for operator in (False, True):
        if operator:
            yield ".SS For operators"
        for command in COMMANDS.values():
            if command.operator == operator:
                yield from _item(command.usage, _end(command.help))


def _server() -> Iterator[str]:
    yield from _paragraph(
        "twistd ecochat is the server. The options of twistd itself, as -n for the"
        " foreground, stand before ecochat, these behind it. Most can stand in a file"
        " too (--config): key = value, in TOML."
    )
    for setting in (*SETTINGS.values(), *ACTIONS.values()):
        yield from _setting(setting)


def _setting(setting: Setting) -> Iterator[str]:
    letter = f"-{setting.letter}, " if setting.letter else ""
    text = _end(setting.help)
    if setting.default_words:
        text += f" Default: {setting.default_words}."
    yield from _item(f"{letter}--{setting.name} {setting.argument}".strip(), text)


def _items(table: dict[str, str]) -> Callable[[], Iterator[str]]:
    def section() -> Iterator[str]:
        for word, text in table.items():
            yield from _item(word, text)

    return section


def _examples() -> Iterator[str]:
    for command, text in EXAMPLES.items():
        yield from _paragraph(text)
        yield from (".RS 4", ".nf", _escape(command), ".fi", ".RE")


def _see_also() -> Iterator[str]:
    yield r".BR twistd (1)"


SECTIONS = {
    "NAME": _name,
    "SYNOPSIS": _synopsis,
    "DESCRIPTION": _description,
    "OPTIONS": _options,
    "COMMANDS": _commands,
    "IN THE CHAT": _talking,
    "THE SERVER": _server,
    "ENVIRONMENT": _items(ENVIRONMENT),
    "FILES": _items(FILES),
    "EXIT STATUS": _items({str(n): text for n, text in STATUSES.items()}),
    "EXAMPLES": _examples,
    "SEE ALSO": _see_also,
}


if __name__ == "__main__":
    sys.stdout.write(manual())
