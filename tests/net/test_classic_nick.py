"""Who is asked for a name."""

from __future__ import annotations

from ecochat.net.link import ASK_AGAIN
from ecochat.net.paced import PAUSE
from tests.net.classics import (
    TAKEN,
    ClassicTestCase,
)


class NickTests(ClassicTestCase):
    """Beside alice."""

    def setUp(self) -> None:
        super().setUp()
        self.alice = self.world.join("/nick alice")
        self.one = self.client("nick")
        self.one.clear()

    def test_one_that_it_cannot_have(self) -> None:
        """It is told why in a line, and asked again after a moment; when it has one,
        no more."""
        for name, line in (
            (b"alice", TAKEN),
            (b"", b""),
            (b"server", b"the name server is reserved\n"),
            (b"eco-1", b"the name eco-1 is reserved\n"),
            (b" \n", b"a nickname cannot be empty\n"),
            (b"\xff", b"not UTF-8, ignored\n"),
        ):
            self.one.read(name)
            self.wait(ASK_AGAIN - PAUSE)
            self.assertEqual(self.one.sent, [line][: len(line)])
            self.wait(2 * PAUSE)
            self.assertEqual(self.one.sent, [b"NICK"][: len(line)])
        self.one.read(b"bob")
        self.wait(2)
        self.assertEqual(self.one.sent, [])
        self.assertEqual([s[1] for s in self.sessions()], ["alice", "bob"])
        self.assert_both_gone()

    def assert_both_gone(self) -> None:
        """Nothing is left of them."""
        self.alice.lose()
        self.assert_gone(self.one)

    def test_another_read_meanwhile(self) -> None:
        """It is the next name, and nothing is asked until that is known."""
        self.one.read(b"alice")
        self.world.run()
        self.one.read(b"ALICE")
        self.wait(ASK_AGAIN - PAUSE)
        self.assertEqual(self.one.sent, [TAKEN, b"the name ALICE is taken\n"])
        self.one.read(b"bob")
        self.wait(2 * ASK_AGAIN)
        self.assertEqual(self.one.sent, [])
        self.assertEqual([s[1] for s in self.sessions()], ["alice", "bob"])

    def test_while_it_is_being_stored(self) -> None:
        """A question that was due then is not asked."""
        self.one.read(b"alice")
        self.world.run()
        self.world.storage.at_once = False
        self.one.read(b"bob")
        self.wait(2 * ASK_AGAIN)
        self.assertEqual(self.one.sent, [TAKEN])
        self.world.storage.at_once = True
        self.world.storage.commit()
        self.wait(2 * ASK_AGAIN)
        self.assertEqual(self.one.sent, [])

    def test_it_cannot_be_stored(self) -> None:
        """It is told so, and asked again."""
        self.world.storage.at_once = False
        self.one.read(b"bob")
        self.world.run()
        self.world.storage.fail()
        self.wait(ASK_AGAIN + PAUSE)
        self.assertEqual(self.one.sent, [b"not stored: disk full\n", b"NICK"])

    def test_a_client_that_answers_by_itself(self) -> None:
        """It is told of its name twice a second and no faster; its user names another
        all the same, and is heard under that."""
        for _ in range(6):
            self.one.read(b"alice")
            self.wait(ASK_AGAIN + PAUSE)
            self.assertEqual(self.one.sent, [TAKEN, b"NICK"])
        self.one.read(b"alice: bob")
        self.wait()
        self.alice.clear()
        self.one.read(b"alice: hi")
        self.wait()
        self.assertEqual(self.alice.frames, ["bob: hi"])

    def test_the_name_and_a_message_at_once(self) -> None:
        """What follows the name is said."""
        self.one.read(b"bob", b"bob: hi")
        self.wait()
        self.assertEqual(self.room(), [("bob", "hi")])

    def test_a_name_that_goes_on(self) -> None:
        """Names are free again; a change is told to who made it, and others see it."""
        self.one.read(b"bob")
        self.wait()
        for command, answer in (
            (b"bob: /nick alice", TAKEN),
            (b"bob: /nick rob", b"bob is now rob"),
            (b"/who", b"online: alice, rob"),
        ):
            self.one.read(command)
            self.wait()
            self.assertEqual(self.one.sent, [answer])
        self.one.read(b"bob: hi")
        self.wait()
        self.assertEqual(self.room(), [("rob", "hi")])

    def test_the_end_before_a_name(self) -> None:
        """It closes without a word, also after a name that was refused; and nothing is
        asked of who is gone."""
        other = self.client("nick")
        other.clear()
        self.one.read(b"alice")
        for one in (self.one, other):
            one.end_input()
        self.wait(2)
        self.assertEqual((self.one.sent, other.sent), ([TAKEN], []))
        self.assertEqual([self.one.shell.calls, other.shell.calls], [["close"]] * 2)
        lost = self.client("nick")
        lost.clear()
        lost.read(b"alice")
        lost.lose()
        self.wait(2)
        self.assertEqual((lost.sent, lost.shell.calls), ([], ["gone"]))
        other.lose()
        self.assert_both_gone()
