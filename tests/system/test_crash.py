"""Connections are cut and the server is killed while clients write."""

import subprocess
import sys
from dataclasses import replace

from twisted.trial.unittest import SynchronousTestCase

from tests.crash.check import (
    Account,
    Answer,
    Entry,
    Kind,
    check_log,
    check_run,
    check_writer,
    compare,
)
from tests.crash.run import Plan, run

SHORT = Plan(messages=600, kills=3, cuts=30)

WAIT = 120
"""Seconds after which even a slow and busy machine should have been done."""


def crash(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the program in its short form, with more options."""
    numbers = {"messages": SHORT.messages, "kills": SHORT.kills, "cuts": SHORT.cuts}
    words = [f"--{name}={number}" for name, number in numbers.items()]
    words.append(f"--seed={SHORT.seed}")
    command = [sys.executable, "-m", "tests.crash", *words, *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=WAIT)


class CrashTests(SynchronousTestCase):
    """The short form of :mod:`tests.crash`."""

    def test_acknowledged_is_stored_is_seen(self) -> None:
        """Of all that was acknowledged nothing is lost, doubled or out of order; and
        there was what can go wrong."""
        result = run(SHORT)
        self.assertEqual(result.faults, [])
        self.assertGreaterEqual(result.messages, SHORT.messages)
        self.assertEqual(len(result.in_flight), SHORT.kills)
        self.assertGreater(min(result.in_flight), 0)
        self.assertGreaterEqual(result.cuts.total(), SHORT.cuts)
        self.assertEqual(set(result.cuts), {"reset", "closed", "left"})
        self.assertGreater(result.in_frames, 0)
        self.assertGreater(result.repeated, 0)
        self.assertGreater(result.sent_again, result.repeated)
        self.assertGreater(result.heard_plain, 0)

    def test_the_library_keeps_the_promises(self) -> None:
        """The same by the clients of ``ecochat.client``; the exit status is 0."""
        done = crash("--library")
        self.assertEqual((done.returncode, done.stderr), (0, ""), done.stdout)
        self.assertIn("lost: 0\ndoubled: 0\nout of order: 0\n", done.stdout)

    def test_a_server_without_dedupe_fails_the_check(self) -> None:
        """What is sent again is stored twice: that is found, and the exit status is 1,
        with the messages named."""
        done = crash("--broken=no-dedupe")
        self.assertEqual((done.returncode, done.stderr), (1, ""), done.stdout)
        self.assertNotIn("\ndoubled: 0\n", done.stdout)
        self.assertRegex(done.stdout, r"\ndoubled: the log has w\d \d+ \d+ times")

    def test_a_server_that_acknowledges_early_fails_the_check(self) -> None:
        """What it had acknowledged and not stored when it was killed is missed."""
        result = run(replace(SHORT, broken="early-ack"))
        lost = [fault.what for fault in result.faults if fault.kind == "lost"]
        missed = [what for what in lost if "acknowledged as" in what]
        self.assertGreater(len(missed), 0, f"{result.in_flight}: {result.faults}")


class CheckTests(SynchronousTestCase):
    """The check alone, on what clients might tell."""

    log = [
        Entry(n, n, f"w{n % 2}", f"s{n % 2}", (n + 1) // 2, f"text {n}")
        for n in range(1, 7)
    ]

    def account(self) -> Account:
        """Return what w1 tells, who wrote 1, 3 and 5."""
        own = [entry for entry in self.log if entry.nick == "w1"]
        sent = {entry.id: entry.text for entry in own if entry.id}
        answers = [
            Answer(id, entry.n, False) for id, entry in zip(sent, own, strict=True)
        ]
        return Account("w1", sent, answers)

    def kinds(self, got: list[Entry]) -> list[Kind]:
        """Return what is wrong with what a reader heard."""
        return [fault.kind for fault in compare("r", got, self.log)]

    def test_what_is_right_has_no_faults(self) -> None:
        """Neither the log, nor who wrote or heard it."""
        self.assertEqual(list(check_log(self.log)), [])
        self.assertEqual(list(check_writer(self.account(), self.log)), [])
        self.assertEqual(self.kinds(self.log), [])

    def test_a_reader(self) -> None:
        """What is missing, came twice, early or otherwise is a fault of its kind."""
        first, second, *rest = self.log
        self.assertEqual(self.kinds([first, *rest]), ["lost"])
        self.assertEqual(self.kinds([first, second]), ["lost"] * 4)
        self.assertEqual(self.kinds([first, second, second, *rest]), ["doubled"])
        self.assertEqual(self.kinds([second, first, *rest]), ["out of order"])
        other = first._replace(text="another")
        self.assertEqual(self.kinds([other, second, *rest]), ["lost", "wrong"])

    def test_a_log(self) -> None:
        """A hole in it, an id twice, and ids that fall are found."""
        first, second, third, *rest = self.log
        self.assertEqual(self.of_log([first, third, *rest]), ["lost"])
        again = third._replace(id=first.id)
        self.assertEqual(self.of_log([first, second, again]), ["doubled"])
        early, late = first._replace(id=third.id), third._replace(id=first.id)
        self.assertEqual(self.of_log([early, second, late]), ["out of order"])

    def of_log(self, log: list[Entry]) -> list[Kind]:
        """Return what is wrong with a log."""
        return [fault.kind for fault in check_log(log)]

    def test_a_writer(self) -> None:
        """What was acknowledged and is not there, or twice, or is not what was sent,
        and what never was acknowledged, are found."""
        account = self.account()
        self.assertEqual(self.of_writer(account, self.log[:4]), ["lost"])
        account.answers.append(Answer(1, 2, True))
        self.assertEqual(self.of_writer(account, self.log), ["doubled", "lost"])
        account = self.account()
        del account.answers[0]
        self.assertEqual(self.of_writer(account, self.log), ["lost"])
        del account.answers[0], account.sent[1], account.sent[2]
        self.assertEqual(self.of_writer(account, self.log), ["wrong", "wrong"])

    def of_writer(self, account: Account, log: list[Entry]) -> list[Kind]:
        """Return what is wrong with what a writer was told."""
        return [fault.kind for fault in check_writer(account, log)]

    def test_a_plain_reader(self) -> None:
        """A piece of the log is right wherever it begins; any other is not."""
        said = [(entry.nick, entry.text) for entry in self.log]
        for right in ([], said, said[2:4]):
            self.assertEqual(list(check_run("p", right, self.log)), [])
        for heard, kind in (
            ([said[0], said[2]], "lost"),
            ([said[1], said[0]], "out of order"),
            ([said[1], said[1]], "doubled"),
            ([("w1", "never said")], "wrong"),
        ):
            kinds = [fault.kind for fault in check_run("p", heard, self.log)]
            self.assertIn(kind, kinds)
