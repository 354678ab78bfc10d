"""What one types to write something again."""

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.outbox import WRITES
from ecochat.client.terminal.commands import understood
from ecochat.client.terminal.typed import pasted, typed_for
from ecochat.core.requests import (
    Delete,
    Edit,
    Me,
    React,
    Request,
    Say,
    SayTo,
    SetTopic,
)

WRITTEN: tuple[Request, ...] = (
    Say("hello"),
    Say("/etc is full"),
    Say("to that", reply_to=7),
    SayTo("bob", "psst"),
    Me("waves"),
    SetTopic("tea"),
    Edit(5, "tea!", "lab"),
    Delete(5, "lab"),
    React(5, "+1", "lab"),
    React(5, "+1", "lab", True),
)


class TypedTests(SynchronousTestCase):
    """Of all that an outbox keeps."""

    def test_asks_for_the_same(self) -> None:
        """It is read as what it stands for."""
        self.assertEqual({type(each) for each in WRITTEN}, set(WRITES))
        for request in WRITTEN:
            self.assertEqual(understood(typed_for(request)), request)

    def test_private(self) -> None:
        """What was for one person is for that one, wherever it is typed."""
        self.assertEqual(typed_for(Say("/x y", "@bob")), "/msg bob /x y")


class PastedTests(SynchronousTestCase):
    """Lines from elsewhere."""

    def test_line_ends(self) -> None:
        """Are ours, however they came."""
        self.assertEqual(pasted("a\r\nb\rc\nd"), "a\nb\nc\nd")
