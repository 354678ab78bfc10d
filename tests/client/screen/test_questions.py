"""What is asked in place of the line in which one writes, without a screen."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.questions import PAUSE, Question, Questions
from ecochat.client.screen.switcher import choice


class QuestionsTests(SynchronousTestCase):
    """Several questions at a time."""

    def setUp(self) -> None:
        self.calls: list[str] = []
        self.clock = Clock()
        self.questions = Questions(
            lambda: self.calls.append("begun"),
            lambda: self.calls.append("over"),
            self.clock.seconds,
        )

    def ask(self, label: str) -> None:
        """Ask something."""

        def take(answer: str) -> None:
            self.calls.append(f"{label}: {answer}")

        drop = lambda: self.calls.append(f"no {label}")  # noqa: E731
        self.questions.ask(Question(label, take, label.lower(), drop=drop))

    def test_one_after_the_other(self) -> None:
        """None takes the place of another one, nor its answer."""
        for label in ("A", "B", "C"):
            self.ask(label)
        self.questions.answer.insert_text("!")  # behind what was suggested
        self.questions.reply()
        self.questions.dismiss()
        self.assertEqual(self.questions.label, "C")
        self.assertNotIn("over", self.calls)
        self.questions.reply()
        answers = [call for call in self.calls if call != "begun"]
        self.assertEqual(answers, ["A: a!", "no B", "over", "C: c"])
        self.assertIsNone(self.questions.asked)

    def test_once(self) -> None:
        """What is asked already is not asked again, nor what waits."""
        for label in ("A", "A", "B", "B", "A"):
            self.ask(label)
        for _turn in range(2):
            self.questions.reply()
        self.assertIsNone(self.questions.asked)

    def test_a_list_in_between(self) -> None:
        """One that a person wants to see now comes before what is asked, which is asked
        again then, with what was typed of the answer."""
        choices = [choice("one", "", lambda: self.calls.append("one"))]
        for label in ("A", "B"):
            self.ask(label)
        self.questions.answer.insert_text("bc")
        for leave in (self.questions.reply, self.questions.dismiss):
            self.questions.look("Which? ", choices)
            self.assertEqual(self.questions.label, "Which? ")
            leave()
            self.assertEqual(self.questions.label, "A")
        self.assertEqual(self.calls.count("one"), 1)
        for _turn in range(2):
            self.questions.reply()
        self.assertEqual([c for c in self.calls if ":" in c], ["A: abc", "B: b"])
        self.assertIsNone(self.questions.asked)

    def test_instead_of_a_list(self) -> None:
        """A list does not hold up a question, but a question a list."""
        choices = [choice("one", "", lambda: self.calls.append("one"))]
        self.questions.choose("Which? ", choices)
        self.ask("A")
        self.assertEqual(self.questions.label, "A")
        self.questions.choose("Which? ", choices)
        self.questions.reply()
        self.assertEqual(self.questions.label, "Which? ")
        self.questions.reply()
        self.assertEqual(self.calls[-2:], ["over", "one"])

    def test_offered(self) -> None:
        """What comes by itself is asked when no key was pressed for a while, once, and
        behind what is asked; a list gives way to it."""
        self.offer("A")
        self.assertEqual((self.questions.open(), self.questions.label), (0.0, "A"))
        for label in ("A", "B", "B"):
            self.offer(label)
        self.clock.advance(PAUSE)
        self.assertGreater(self.questions.open(), 0.0)
        self.assertEqual(self.questions.label, "A")
        self.questions.pressed()
        self.questions.reply()
        self.assertEqual(self.questions.open(), PAUSE)
        self.assertEqual((self.questions.label, self.questions.offered), ("", "B"))
        self.questions.choose("Which? ", [choice("one", "", lambda: None)])
        self.clock.advance(PAUSE)
        self.assertEqual((self.questions.open(), self.questions.label), (0.0, "B"))
        self.questions.reply()
        self.assertIsNone(self.questions.asked)

    def offer(self, label: str) -> None:
        """Offer something."""
        self.questions.offer(Question(label, lambda answer: None))

    def test_withdrawn(self) -> None:
        """What was only offered is never asked then."""
        self.questions.pressed()
        self.offer("A")
        self.questions.withdraw()
        self.clock.advance(PAUSE)
        self.assertEqual((self.questions.open(), self.questions.label), (0.0, ""))

    def test_suggested(self) -> None:
        """It gives way to the first letter, unless something was done to it; so it is
        after a list, too."""
        self.ask("A")
        self.questions.look("Which? ", [])
        self.questions.dismiss()
        for letter in "xyz":
            self.questions.insert(letter)
        self.assertEqual(self.questions.answer.text, "xyz")
        self.questions.look("Which? ", [])
        self.questions.dismiss()
        self.questions.insert("!")
        self.questions.reply()
        self.ask("B")
        self.questions.answer.cursor_left()
        self.questions.insert("!")
        self.questions.reply()
        answers = [call for call in self.calls if ":" in call]
        self.assertEqual(answers, ["A: xyz!", "B: !b"])

    def test_checked(self) -> None:
        """What is wrong is told, and asked on with what was typed."""
        taken: list[str] = []
        check = lambda text: "" if text == "yes" else "say yes"  # noqa: E731
        self.questions.ask(Question("Well? ", taken.append, check=check))
        self.questions.insert("ye")
        self.assertEqual(self.questions.reply(), "say yes")
        self.questions.insert("s")
        self.assertEqual((self.questions.reply(), taken), ("", ["yes"]))
        self.assertIsNone(self.questions.asked)
