"""The shell commands, as programs, with a real server."""

import json
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from subprocess import PIPE, Popen
from typing import Any

from twisted.trial.unittest import TestCase

from ecochat.shell.sending import TIMEOUT
from tests.support.client import Client
from tests.support.server import Server
from tests.support.terminal import Terminal
from tests.support.uncounted import uncounted
from tests.support.waiting import WAIT, wait_until

ECOCHAT = str(Path(sys.executable).parent / "ecochat")
SHORT = "3"
"""Seconds that a command waits in vain: it is welcomed in less on a busy machine."""

NOBODY = "nobody listens at {} (no such file); start a server with: twistd -n ecochat"


class ShellTestCase(TestCase):
    """Has a server, with alice in the lobby, and runs commands on it."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()  # its path is short, as a socket's is
        self.addCleanup(folder.cleanup)
        self.place = f"{folder.name}/socket"
        self.data = f"{folder.name}/data"
        self.server = self.serve()
        self.alice = Client(self.place, "alice")
        self.addCleanup(self.alice.close)
        self.environment = {
            **{k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "USER")},
            "ECOCHAT_SERVER": f"unix:{self.place}",
            "TZ": "UTC",
            "LOGNAME": "carol",
            "LC_ALL": "C.UTF-8",
        }

    def serve(self, *options: str) -> Server:
        """Start a server on our data; it ends with the test."""
        server = Server(*options, listen=f"unix:{self.place}", data=self.data)
        self.addCleanup(server.__exit__, None, None, None)
        server.start()
        return server

    def begin(self, *words: str, stdout: int = PIPE) -> "Popen[bytes]":
        """Start a command; it ends with the test."""
        command = [ECOCHAT, *words]
        environment = self.environment
        process = Popen(
            command, stdin=PIPE, stdout=stdout, stderr=PIPE, env=environment
        )
        self.addCleanup(self.end, process)
        return process

    def end(self, process: "Popen[bytes]") -> None:
        """End a command, however it is."""
        if process.poll() is None:
            process.kill()
        for file in (process.stdin, process.stdout, process.stderr):
            if file is not None and not file.closed:
                file.close()
        process.wait()

    def run_command(
        self, *words: str, input: str | bytes = b"", **variables: str
    ) -> tuple[int, str, str]:
        """Return a command's exit status, and what it wrote."""
        done = subprocess.run(
            [ECOCHAT, *words],
            input=input.encode() if isinstance(input, str) else input,
            capture_output=True,
            env=self.environment | variables,
            timeout=WAIT,
        )
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    def prints(self, *words: str, input: str = "") -> list[str]:
        """Return the lines of a command that does what it should."""
        status, out, err = self.run_command(*words, input=input)
        self.assertEqual((status, err), (0, ""), out)
        return out.splitlines()

    def fails(self, status: int, text: str, *words: str, input: str = "") -> None:
        """A command prints nothing but one line of what is wrong."""
        got = self.run_command(*words, input=input)
        self.assertEqual(got, (status, "", f"ecochat: {text}\n"))

    def texts(self, *words: str) -> list[str]:
        """Return who said what in the lobby, by all that is kept."""
        lines = self.prints("history", "--limit", "1000", *words)
        return [re.sub(r"\A\[\S+ \d+\] \S+ \S+ ", "", line) for line in lines]


def read_line(process: "Popen[bytes]") -> str:
    """Return the next line that a command prints, without waiting for ever."""
    assert process.stdout is not None
    line = b""
    until = time.monotonic() + WAIT
    while not line.endswith(b"\n"):
        left = max(until - time.monotonic(), 0)
        assert select.select([process.stdout], [], [], left)[0], f"only {line!r} came"
        byte = os.read(process.stdout.fileno(), 1)
        assert byte, f"it ended after {line!r}"
        line += byte
    return line.decode().rstrip("\n")


def write_line(process: "Popen[bytes]", line: str) -> None:
    """Give a command a line of input."""
    assert process.stdin is not None
    process.stdin.write(f"{line}\n".encode())
    process.stdin.flush()


class SendTests(ShellTestCase):
    """``ecochat send``."""

    def test_a_message(self) -> None:
        """Its number is printed when it is stored. Who is in the room sees it, and
        nobody come or go."""
        self.assertEqual(self.prints("send", "hi"), ["1"])
        self.assertEqual(self.prints("send", "--", "-x"), ["2"])
        self.alice.expect("carol: -x")
        self.assertEqual(self.alice.frames[-2:], ["carol: hi", "carol: -x"])

    def test_lines_of_the_input(self) -> None:
        """One message each, in order, also more than are under way at one time."""
        lines = [f"line {n}" for n in range(1, 501)]
        numbers = self.prints("send", input="\n".join(lines))
        self.assertEqual(numbers, [str(n) for n in range(1, 501)])
        self.assertEqual(self.texts(), [f"carol: {line}" for line in lines])
        self.assertEqual(self.prints("send", "-", input="last\n"), ["501"])

    def test_the_whole_input(self) -> None:
        """One message."""
        self.assertEqual(self.prints("send", "--whole", input="one\n\ntwo\n"), ["1"])
        self.assertEqual(self.texts(), ["carol: one", "    ", "    two"])

    def test_a_line_is_sent_when_it_comes(self) -> None:
        """What writes a line now and then need not end for that."""
        process = self.begin("send")
        for number in ("1", "2"):
            write_line(process, f"line {number}")
            self.assertEqual(read_line(process), number)
        self.assertEqual(process.communicate(timeout=WAIT), (b"", b""))
        self.assertEqual(process.returncode, 0)

    def test_as_json(self) -> None:
        """The server's own answers."""
        lines = self.prints("send", "--json", input="one\ntwo\n")
        stored = {"op": "stored", "room": "lobby"}
        expected = [stored | {"id": n, "n": n} for n in (1, 2)]
        self.assertEqual([json.loads(line) for line in lines], expected)

    def test_names(self) -> None:
        """The one asked for; where it is taken one that is like it."""
        self.prints("send", "--nick", "bob", "one")
        self.prints("send", "--nick", "alice", "two")
        self.assertEqual(self.texts(), ["bob: one", "alice-2: two"])
        text = "a nickname has letters, marks, digits, _ and - only"
        self.fails(1, text, "send", "--nick", "x!", "three")

    def test_to_one_person(self) -> None:
        """``@alice`` is told in private."""
        self.assertEqual(self.prints("send", "--room", "@alice", "psst"), ["1"])
        self.alice.expect(r"\[@carol\] carol: psst")

    def test_once(self) -> None:
        """However often it is run there is one message, whose number each prints;
        also after the server was killed."""
        for _ in range(2):
            self.assertEqual(self.prints("send", "--once", "backup-1", "done"), ["1"])
        self.server.kill()
        self.server.start()
        self.assertEqual(self.prints("send", "--once=backup-1", input="done\n"), ["1"])
        self.assertEqual(self.prints("send", "--once", "backup-2", "done"), ["2"])
        text = "another text was sent under this name, or in another room; what is sent"
        text += " once cannot be changed"
        self.fails(1, text, "send", "--once", "backup-1", "failed")
        self.assertEqual(self.texts(), ["carol: done"] * 2)

    def test_once_at_one_moment(self) -> None:
        """Several of them at the same time take the session over from each other, and
        all print the number of the one message."""
        words = ("send", "--timeout", str(WAIT), "--once", "b", "done")
        runs = [self.begin(*words) for _ in range(4)]
        for run in runs:
            self.assertEqual(run.communicate(timeout=WAIT), (b"1\n", b""))
            self.assertEqual(run.returncode, 0)
        self.assertEqual(self.texts(), ["carol: done"])

    def test_refused(self) -> None:
        """The server's words, and the numbers of what was not refused."""
        long = "x" * 4_001
        out = self.run_command("send", input=f"one\n{long}\nthree")
        text = "ecochat: message longer than 4000 characters, not sent\n"
        self.assertEqual(out, (1, "1\n2\n", text))
        text = "a room name begins with a letter or _"
        self.fails(1, text, "send", "--room", "7", "x")

    def test_a_new_room(self) -> None:
        """Is made by what is sent there, and nobody is in it."""
        self.assertEqual(self.prints("send", "--room", "builds", "green"), ["1"])
        self.assertIn("builds 0 members, last 1", self.prints("rooms"))

    def test_more_input_than_a_message(self) -> None:
        """Is not kept in memory to find out."""
        text = "the input has a message of more than 1,048,576 bytes"
        self.fails(1, text, "send", "--whole", input="x" * 1_100_000)

    def test_not_reached(self) -> None:
        """Nobody is there: it is said at once."""
        begun = time.monotonic()
        why = f"{NOBODY.format('unix:/nowhere')}; nothing was sent"
        self.fails(3, why, "send", "--server", "unix:/nowhere", "hi")
        self.assertLess(time.monotonic() - begun, TIMEOUT)  # that it waits later

    def test_a_lost_connection(self) -> None:
        """The server is killed and started again: what comes meanwhile is not lost."""
        process = self.begin("send", "--timeout", str(WAIT))
        write_line(process, "one")
        self.assertEqual(read_line(process), "1")
        self.server.kill()
        write_line(process, "two")
        self.server.start()
        self.assertEqual(read_line(process), "2")
        process.communicate(timeout=WAIT)
        self.assertEqual(process.returncode, 0)
        self.assertEqual(self.texts(), ["carol: one", "carol: two"])

    def test_lost_for_good(self) -> None:
        """After the time it says what is known; it does not wait for more input."""
        process = self.begin("send", "--timeout", SHORT)
        write_line(process, "one")
        self.assertEqual(read_line(process), "1")
        self.server.kill()
        write_line(process, "two")
        self.assertEqual(process.wait(WAIT), 3)
        known = b"the server does not answer; 1 stored, of 1 other it is not known"
        self.assertEqual(process.communicate(), (b"", b"ecochat: " + known + b"\n"))

    def test_an_output_that_is_closed(self) -> None:
        """The message is sent all the same."""
        command = f"exec {ECOCHAT} send hi >&-"
        done = subprocess.run(["sh", "-c", command], env=self.environment, stderr=PIPE)
        self.assertEqual((done.returncode, done.stderr), (0, b""))
        self.assertEqual(self.texts(), ["carol: hi"])

    def test_an_input_that_is_closed(self) -> None:
        """There is nothing to send."""
        command = f"exec {ECOCHAT} send <&-"
        done = subprocess.run(["sh", "-c", command], env=self.environment, stderr=PIPE)
        text = b"ecochat: standard input is closed, so there is nothing to send\n"
        self.assertEqual((done.returncode, done.stderr), (2, text))


WELCOME = {
    "op": "welcome",
    "ref": "hello",
    "protocol": 1,
    "server": "scripted",
    "time": "2026-11-21T04:30:49.123Z",
    "session": "s1",
    "nick": "carol",
    "resumed": False,
    "last_id": 0,
    "rooms": {},
    "limits": {"frame": 65536, "message": 4000},
}
TAKEN_OVER = {"op": "error", "code": "taken_over", "text": "taken over"}
STORED = {"op": "stored", "ref": "1", "id": 1, "room": "lobby", "n": 5}


class ScriptedServer:
    """Has a script for each connection: what it says to one frame after the other, or
    None to close; behind that it says nothing more.

    :ivar frames: what it was told.
    """

    def __init__(self, place: str, *scripts: list[object]) -> None:
        self.frames: list[dict[str, object]] = []
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.bind(place)
        self._socket.listen()
        threading.Thread(target=self._run, args=scripts, daemon=True).start()

    def _run(self, *scripts: list[object]) -> None:
        for script in scripts:
            connection, _ = self._socket.accept()
            with connection, connection.makefile("rb") as file:
                self._play(connection, file, script)

    def _play(self, connection: socket.socket, file: Any, script: list[object]) -> None:
        data = b""
        while more := file.read1():
            *frames, data = (data + more).split(b"\0")
            for frame in map(json.loads, frames):
                self.frames.append(frame)
                answer = script.pop(0) if script else {}
                if answer is None:
                    return
                if answer:
                    connection.sendall(json.dumps(answer).encode() + b"\0")

    def close(self) -> None:
        """Listen no longer."""
        self._socket.close()


class ScriptedTests(ShellTestCase):
    """What a real server does seldom, or not when one wants it to."""

    def play(self, *scripts: list[object]) -> ScriptedServer:
        """Have commands talk with such a server."""
        place = self.mktemp()
        server = ScriptedServer(place, *scripts)
        self.addCleanup(server.close)
        self.environment["ECOCHAT_SERVER"] = f"unix:{place}"
        return server

    def test_a_message_without_an_answer(self) -> None:
        """It may be stored or not, and that is what is said."""
        server = self.play([WELCOME])
        text = "the server does not answer; whether the message is stored is not known"
        self.fails(3, text, "send", "--timeout", SHORT, "hi")
        self.assertEqual(server.frames[1]["op"], "say")

    def test_a_server_that_is_not_ready(self) -> None:
        """Is tried again where a time for it is given."""
        self.play([None], [None], [WELCOME, STORED])
        self.assertEqual(self.prints("send", "--timeout", "20", "hi"), ["5"])

    def test_once_while_another_does(self) -> None:
        """Who has lost the session to another run asks again; with the same key and id,
        as it may be that nothing was stored yet."""
        server = self.play([WELCOME, TAKEN_OVER], [TAKEN_OVER], [WELCOME, STORED])
        self.assertEqual(self.prints("send", "--once", "backup", "done"), ["5"])
        said = [frame for frame in server.frames if frame["op"] == "say"]
        self.assertEqual([frame["id"] for frame in said], [1, 1])
        keys = {frame["key"] for frame in server.frames if frame["op"] == "hello"}
        self.assertEqual(len(keys), 1)

    def test_ended_by_the_server(self) -> None:
        """There is no use in trying again; what became of the message is told."""
        self.play([WELCOME, {"op": "error", "code": "kicked", "text": "Out!\x1b[2J"}])
        text = r"Out!\x1b[2J; whether the message is stored is not known"
        self.fails(1, text, "send", "hi")


class AddressTests(ShellTestCase):
    """Where a server can be."""

    def test_over_tcp(self) -> None:
        """``--server HOST:PORT``, which stands before the variable."""
        server = Server(data=":memory:")
        self.addCleanup(server.__exit__, None, None, None)
        server.start()
        with Client(server.port, "bob") as bob:
            where = ("--server", f"localhost:{server.port}")
            self.assertEqual(self.prints("send", "hi", *where), ["1"])
            bob.expect("carol: hi")
            self.assertEqual(self.prints("who", *where), ["bob"])
        self.assertEqual(self.prints("who"), ["alice"])

    def test_one_that_nobody_was_at(self) -> None:
        """Its lobby is there to be read and written."""
        server = Server(data=":memory:")
        self.addCleanup(server.__exit__, None, None, None)
        server.start()
        where = ("--server", f"localhost:{server.port}")
        self.assertEqual(self.prints("tail", *where), [])
        self.assertEqual(self.prints("send", "hi", *where), ["1"])


class ReadTests(ShellTestCase):
    """``history``, ``search``, ``who``, ``rooms``, ``status``."""

    def test_history(self) -> None:
        """The last ones, those before a number, the first after one; in order."""
        self.alice.say(*(f"m{n}" for n in range(1, 31)))
        self.alice.expect(r"\+ lobby 30")
        lines = self.prints("history")
        self.assertEqual(len(lines), 20)
        when = r"\d{4}-\d\d-\d\d \d\d:\d\d"
        self.assertRegex(lines[-1], rf"\A\[lobby 30\] {when} alice: m30\Z")
        for words, numbers in {
            ("-n", "2"): (29, 30),
            ("--before", "5", "--limit", "2"): (3, 4),
            ("--after", "5", "-n", "2"): (6, 7),
            ("--after", "5", "--before", "8"): (6, 7),
            ("--after", "30"): (),
        }.items():
            lines = self.prints("history", *words)
            found = [int(re.findall(r"\[lobby (\d+)\]", line)[0]) for line in lines]
            self.assertEqual(found, list(numbers), words)

    def test_more_than_a_page(self) -> None:
        """Any number can be asked for."""
        self.prints("send", input="\n".join(f"m{n}" for n in range(1, 2_501)))
        for words, first, last in (
            (("-n", "2200"), 301, 2_500),
            (("-n", "9999"), 1, 2_500),
            (("-n", "2200", "--before", "2301"), 101, 2_300),
            (("-n", "1500", "--after", "700"), 701, 2_200),
        ):
            expected = [f"carol: m{n}" for n in range(first, last + 1)]
            self.assertEqual(self.texts(*words), expected)

    def test_objects(self) -> None:
        """``--json`` gives what the server keeps, in UTF-8, one a line."""
        self.alice.say("grüße", "/topic tea")
        self.alice.expect(r"\* alice set the topic|\+ lobby 2")
        message, topic = map(json.loads, self.prints("history", "--json"))
        self.assertRegex(message.pop("time"), r"\A\d{4}-.*T.*\.\d{3}Z\Z")
        fields = {"room": "lobby", "nick": "alice", "session": "s1"}
        self.assertEqual(message, {"op": "message", "n": 1, "text": "grüße"} | fields)
        topic.pop("time")
        self.assertEqual(topic, {"op": "topic", "n": 2, "topic": "tea"} | fields)

    def test_search(self) -> None:
        """The newest first, in every room or in one."""
        self.alice.say("green tea", "black coffee", "tea again", "/join lab", "lab tea")
        self.alice.expect(r"\+ lab 1")
        self.wait_for_index("lab tea")
        found = [line.split(": ")[1] for line in self.prints("search", "tea")]
        self.assertEqual(found, ["lab tea", "tea again", "green tea"])
        found = self.prints("search", "tea", "gr*", "--room", "lobby", "--nick=alice")
        self.assertEqual([line.split(": ")[1] for line in found], ["green tea"])
        self.assertEqual(self.prints("search", "nothing"), [])
        marked = json.loads(self.prints("search", "--json", "coffee")[0])
        self.assertEqual(marked["marks"], [[6, 12]])
        text = "before and after are numbers of a room, name it"
        self.fails(2, text, "search", "--after", "1", "tea")

    def wait_for_index(self, words: str) -> None:
        """Wait until a search finds this: the index follows what is stored."""
        wait_until(lambda: bool(self.prints("search", *words.split())))

    def test_lists(self) -> None:
        """Who is there, the rooms, and the sessions."""
        self.alice.say("/join lab", "/topic tea", "/join lobby")
        self.alice.expect(r"\* You are alice in lobby")
        self.assertEqual(self.prints("who"), ["alice"])
        self.assertEqual(self.prints("who", "--room", "lab"), ["alice"])
        rooms = ["lobby 1 member, last 0", "lab 1 member, last 1: tea"]
        self.assertEqual(self.prints("rooms"), rooms)
        when = r"\d{4}-\d\d-\d\d \d\d:\d\d"
        self.assertRegex(self.prints("status")[0], rf"\As1 alice connected {when}\Z")
        member = {"op": "member", "room": "lobby", "nick": "alice", "session": "s1"}
        self.assertEqual(json.loads(self.prints("who", "--json")[0]), member)
        lobby = {"op": "room", "room": "lobby", "members": 1, "last": 0, "topic": ""}
        self.assertEqual(json.loads(self.prints("rooms", "--json")[0]), lobby)
        session = json.loads(self.prints("status", "--json")[0])
        self.assertEqual((session["op"], session["nick"]), ("session", "alice"))

    def test_nobody_sees_them(self) -> None:
        """Who asks comes into no room."""
        for word in ("tail", "history", "who", "rooms", "status"):
            self.prints(word)
        self.alice.ask("/help quit", r"\* end help")
        seen = [f for f in self.alice.frames if re.search("joined|left|guest-2", f)]
        self.assertEqual(seen, [])

    def test_refused(self) -> None:
        """A room that is not there has no history, and is not made by asking."""
        text = "there is no room nowhere, /join nowhere makes it"
        for word in ("history", "who", "tail"):
            self.fails(1, text, word, "--room", "nowhere")
        self.fails(1, text, "tail", "--follow", "--room", "nowhere")

    def test_not_reached(self) -> None:
        """One line, and the exit status for that."""
        for words in (("history",), ("tail", "--follow")):
            why = NOBODY.format("unix:/nowhere")
            self.fails(3, why, *words, "--server", "unix:/nowhere")

    def test_wrong_words(self) -> None:
        """Are found before anything is asked."""
        for words in (
            ("history", "--limit", "0"),
            ("history", "--before", "-1"),
            ("tail", "--since", "1", "-n", "1"),
            ("search",),
            ("send", "--timeout", "nan", "x"),
            ("send", "two", "words"),
            ("who", "--server", "a:b:c"),
        ):
            status, out, err = self.run_command(*words)
            self.assertEqual((status, out, err.count("\n")), (2, "", 1), err)

    def test_nobody_reads(self) -> None:
        """``ecochat history | head -0``: no complaint of Python's."""
        self.prints("send", "hi")
        reads, writes = os.pipe()
        os.close(reads)
        process = self.begin("history", stdout=writes)
        os.close(writes)
        self.assertEqual(process.communicate(timeout=WAIT)[1], b"")
        self.assertEqual(process.returncode, 1)

    def test_a_locale_without_the_letters(self) -> None:
        """What it does not have is named."""
        self.prints("send", "grüße")
        _, out, _ = self.run_command("history", PYTHONIOENCODING="ascii")
        self.assertTrue(out.endswith(r"carol: gr\xfc\xdfe" + "\n"), out)

    def test_what_is_imported(self) -> None:
        """A command answers within a third of a second: nothing that it does not need
        is loaded."""
        script = (
            "import sys; from ecochat import main\n"
            "main.main(['rooms']); print(*sys.modules, sep='\\n')"
        )
        command = [sys.executable, "-c", script]
        environment = {**uncounted(), "ECOCHAT_SERVER": f"unix:{self.place}"}
        done = subprocess.run(command, capture_output=True, env=environment)
        loaded = set(done.stdout.decode().split("\n"))
        self.assertIn("twisted.internet.reactor", loaded)
        heavy = {"prompt_toolkit", "sqlite3", "argcomplete", "platformdirs"}
        self.assertEqual(heavy & loaded, set())


class TailTests(ShellTestCase):
    """``ecochat tail``."""

    def test_the_last(self) -> None:
        """Ten, or as many as one says, or all since a number."""
        self.prints("send", input="\n".join(f"m{n}" for n in range(1, 31)))
        self.assertEqual(len(self.prints("tail")), 10)
        self.assertRegex(self.prints("tail", "-n", "1")[0], r"\A\[lobby 30\].*: m30\Z")
        self.assertEqual(self.prints("tail", "-n", "0"), [])
        lines = self.prints("tail", "--since", "5")
        self.assertEqual(len(lines), 25)
        self.assertRegex(lines[0], r"\A\[lobby 6\]")

    def test_what_is_no_longer_kept(self) -> None:
        """Is told of: else who reads since a number could not know."""
        self.prints("send", input="\n".join(f"m{n}" for n in range(1, 31)))
        self.server.stop()
        self.serve("--keep-messages", "5")
        gone = "[lobby] messages up to 25 are no longer kept"
        wait_until(lambda: self.prints("tail", "--since", "3")[0] == gone)
        self.assertEqual(len(self.prints("tail", "--since", "3")), 6)
        self.assertEqual(len(self.prints("tail", "--since", "25")), 5)

    def test_following(self) -> None:
        """What was said last, then what is said, each once and at once; by a name that
        says what it is. Interrupted, it leaves."""
        self.alice.say("one", "two")
        tail = self.begin("tail", "--follow", "-n", "1")
        self.assertRegex(read_line(tail), r"\A\[lobby 2\] .* alice: two\Z")
        self.alice.expect(r"\* carol-tail joined")
        self.alice.say("three")
        self.assertRegex(read_line(tail), r"\A\[lobby 3\] .* alice: three\Z")
        tail.send_signal(signal.SIGINT)
        self.assertEqual(
            tail.communicate(timeout=WAIT), (b"", b"ecochat: interrupted\n")
        )
        self.assertEqual(tail.returncode, 130)
        self.alice.expect(r"\* carol-tail left")

    def test_following_from_nothing(self) -> None:
        """``-n 0`` begins with what is said next; an empty room with its first."""
        tail = self.begin("tail", "--follow", "--json", "--nick", "eve")
        self.alice.expect(r"\* eve joined")
        self.alice.say("one", "two")
        self.assertEqual(json.loads(read_line(tail))["n"], 1)
        self.assertEqual(json.loads(read_line(tail))["n"], 2)
        late = self.begin("tail", "-f", "-n", "0", "--json")
        self.alice.expect(r"\* carol-tail joined")
        self.alice.say("three")
        self.assertEqual(json.loads(read_line(late))["n"], 3)

    def test_following_over_a_restart(self) -> None:
        """The server is killed, others write before it is back: nothing is left out,
        nothing comes twice, and it is told on standard error."""
        tail = self.begin("tail", "--follow", "--since", "0", "--json")
        self.prints("send", "one")
        self.assertEqual(json.loads(read_line(tail))["text"], "one")
        self.alice.expect(r"\* carol-tail joined")
        self.server.kill()
        self.server.start()
        self.prints("send", input="two\nthree\n")
        for n, text in ((2, "two"), (3, "three")):
            event = json.loads(read_line(tail))
            self.assertEqual((event["n"], event["text"]), (n, text))
        tail.send_signal(signal.SIGTERM)
        out, err = tail.communicate(timeout=WAIT)
        self.assertEqual((tail.returncode, out), (130, b""))
        self.assertRegex(err.decode(), r"\Aecochat: .*; trying again\n(?s:.*)connected")

    def test_an_output_that_ends(self) -> None:
        """It ends at the first line that nobody reads."""
        self.alice.say("one")
        tail = self.begin("tail", "--follow")
        read_line(tail)
        self.alice.expect(r"\* carol-tail joined")
        assert tail.stdout is not None
        tail.stdout.close()
        self.alice.say("two")
        self.assertEqual(tail.wait(WAIT), 1)
        assert tail.stderr is not None
        self.assertEqual(tail.stderr.read(), b"")


class TerminalTests(ShellTestCase):
    """What is shown on a terminal."""

    def shown(self, *words: str, **variables: str) -> tuple[str, bytes]:
        """Return the screen of a command, and what it wrote."""
        changes: Any = self.environment | variables
        terminal = Terminal(ECOCHAT, *words, **changes)
        self.addCleanup(terminal.close)
        self.assertEqual(terminal.end(), 0)
        return terminal.text, terminal.written

    def test_colours(self) -> None:
        """On a terminal, unless its owner wants none; in no pipe."""
        self.prints("send", "hi")
        text, written = self.shown("history")
        self.assertRegex(text, r"\A\[lobby 1\] .* carol: hi\Z")
        self.assertIn(b"\x1b[2m[lobby 1]", written)
        for options in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
            self.assertNotIn(b"\x1b", self.shown("history", **options)[1])
        self.assertNotIn(b"\x1b", self.shown("history", "--json")[1])
        self.assertNotIn("\x1b", self.prints("history")[0])

    def test_what_was_found(self) -> None:
        """Is marked."""
        self.prints("send", "some green tea")
        wait_until(lambda: bool(self.prints("search", "tea")))
        self.assertIn(b"green \x1b[7mtea\x1b[0m", self.shown("search", "tea")[1])

    def test_harmless(self) -> None:
        """Nothing that somebody wrote moves the cursor or changes a colour."""
        self.prints("send", "--whole", input="\x1b[2J\x07\none\rtwo")
        text, written = self.shown("history", NO_COLOR="1")
        self.assertTrue(text.endswith(": \\x1b[2J\\x07\n    one\\rtwo"), text)
        self.assertNotIn(b"\x1b", written)
