"""The one table of the server's settings.

The command line, its help, the keys of a settings file, what ``--print-config`` writes
and the manual page are made from it.
"""

from typing import Any

import msgspec

from ecochat import kinds
from ecochat.core.framing import DEFAULT_LIMIT
from ecochat.core.limits import Limits
from ecochat.listen import DEFAULT
from ecochat.store.sqlite import DURABILITY

MEMORY = ":memory:"
"""The word for data that is not kept."""

MAX_CLIENTS = 10_000


def socket_beside(data: str) -> str:
    """Return the path of the operators' socket where none is given; empty for none."""
    return "" if data == MEMORY else f"{data}.operator"


class Setting(msgspec.Struct, frozen=True):
    """One thing that an operator can set.

    :param name: what it is called, after ``--`` and in a file: ``max-clients``.
    :param argument: what its value is called in the help: ``N``; empty for a flag.
    :param help: what it is, in some words; no full stop.
    :param default: the value where none is given; of one that is repeatable the list
        of them; None where it is found out at the start, or where there is none.
    :param kind: how values are read and written.
    :param letter: its short name on the command line, or nothing.
    :param found_out: the default in words, where it is None.
    :param repeatable: whether there can be several; then the value is a list.
    :param secret: whether its value is for nobody's eyes but the operator's.
    """

    name: str
    argument: str
    help: str
    default: Any = None
    kind: kinds.Kind = kinds.ANYTHING
    letter: str = ""
    found_out: str = ""
    repeatable: bool = False
    secret: bool = False

    @property
    def default_words(self) -> str:
        """The default as one would write it; empty where there is nothing to say."""
        if self.default is None or not self.argument:
            return self.found_out
        values = self.default if self.repeatable else [self.default]
        return ", ".join(str(self.kind.write(value)) for value in values)


SETTINGS = {
    setting.name: setting
    for setting in (
        Setting(
            "listen",
            "WHERE",
            "where to listen: PORT, HOST:PORT, [::1]:PORT or a Twisted endpoint, as"
            " unix:chat.sock or ssl:4041:privateKey=key.pem; can be given several"
            " times",
            (DEFAULT,),
            kinds.PLACE,
            "l",
            repeatable=True,
        ),
        Setting(
            "data",
            "FILE",
            f"the file that everything is kept in; {MEMORY} keeps nothing",
            "ecochat.sqlite",
            letter="d",
        ),
        Setting(
            "durability",
            "|".join(DURABILITY),
            "full: what is acknowledged outlives a power cut; normal: faster, outlives"
            " a killed server, and a power cut may take the last moments",
            "full",
            kinds.DURABLE,
        ),
        Setting(
            "name",
            "NAME",
            "the server's name, in its greeting",
            kind=kinds.TEXT,
            letter="n",
            found_out="the host name",
        ),
        Setting(
            "welcome", "TEXT", "what everyone is told at the start", "", kinds.TEXT, "w"
        ),
        Setting(
            "jokes",
            "FILE",
            "the jokes that /joke tells: UTF-8 text, a joke a line; blank lines and"
            " lines that begin with # are left out",
            kind=kinds.JOKES,
            found_out="EcoChat's own",
        ),
        Setting(
            "max-clients",
            "N",
            "connections at one time",
            kind=kinds.NUMBER,
            letter="m",
            found_out=f"{MAX_CLIENTS}, or what the limit on open files allows",
        ),
        Setting(
            "max-per-address",
            "N",
            "connections at one time from one address, unless it is this machine's own",
            200,
            kinds.NUMBER,
        ),
        Setting(
            "rate",
            "N/s",
            "frames a second (N/m: a minute) that a session may send for long",
            20.0,
            kinds.RATE,
        ),
        Setting(
            "burst",
            "N",
            "frames that a session may send at once, before the rate holds it back",
            100,
            kinds.NUMBER,
        ),
        Setting(
            "limits",
            "on|off",
            "off: no limit on the rate, and none for an address; for trusted networks"
            " and for measuring",
            True,
            kinds.SWITCH,
        ),
        Setting(
            "max-frame",
            "BYTES",
            "the longest frame, without its null byte",
            DEFAULT_LIMIT,
            kinds.NUMBER,
        ),
        Setting(
            "max-message",
            "N",
            "the longest message, in characters (code points)",
            Limits().message,
            kinds.NUMBER,
        ),
        Setting(
            "keep",
            "TIME",
            "how long messages are kept, as 90d, 12h; ROOM=30d for one room, all for"
            " ever; can be given several times",
            (("", None),),
            kinds.KEEP,
            repeatable=True,
        ),
        Setting(
            "keep-messages",
            "N",
            "how many messages of a room are kept; ROOM=500 for one room, all for any"
            " number; can be given several times",
            (("", None),),
            kinds.KEEP_MESSAGES,
            repeatable=True,
        ),
        Setting(
            "grace",
            "TIME",
            "how long a program's session that lost its connection is kept, as 60s, 5m;"
            " 0 for not at all",
            60,
            kinds.SECONDS,
        ),
        Setting(
            "ping-interval",
            "TIME",
            "after how long without a word a program is asked whether it is there; 0"
            " for never",
            30,
            kinds.SECONDS,
        ),
        Setting(
            "operator-socket",
            "PATH",
            "the UNIX socket for operators, or off",
            kind=kinds.SOCKET,
            found_out=f"the data file's path and .operator; none with {MEMORY}",
        ),
        Setting(
            "quit-password",
            "WORD",
            "the word that the classic QUIT asks for",
            "12345",
            kinds.WORD,
            secret=True,
        ),
        Setting(
            "no-classic-words",
            "",
            "do not take TIME, WHRU, QUIT and the other classic words as commands",
            False,
            kinds.FLAG,
        ),
        Setting(
            "classic",
            "KIND[=WHERE]",
            "also serve unchanged clients of a classroom program: eco, ack, upper or"
            " nick, on its old port of this machine, or WHERE, as eco=tcp:50002; all"
            " for all four; can be given several times",
            (),
            kinds.CLASSICS,
            repeatable=True,
        ),
        Setting("classic-room", "ROOM", "where they are", "lobby", kinds.ROOM),
        Setting(
            "console",
            "",
            "open the operator's console on the terminal that twistd -n was started in",
            False,
            kinds.FLAG,
        ),
        Setting(
            "log-messages",
            "",
            "write what is said into the server's log",
            False,
            kinds.FLAG,
        ),
    )
}
"""What can be set, on the command line and in a file, in the order of the help."""

ACTIONS = {
    action.name: action
    for action in (
        Setting("config", "FILE", "read settings from a file; see --print-config"),
        Setting(
            "print-config", "", "write the settings as such a file, on stdout, and exit"
        ),
        Setting("version", "", "show EcoChat's version and exit"),
        Setting("help", "", "show this help and exit"),
    )
}
"""What stands on the command line only."""
