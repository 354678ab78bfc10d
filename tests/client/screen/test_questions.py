"""What is asked in place of the line in which one writes, without a screen."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.screen.questions import Question, Questions
from ecochat.client.screen.switcher import choice


class QuestionsTests(SynchronousTestCase):
    """Several questions at a time."""

    def setUp(self) -> None:
        self.calls: list[str] = []
        self.questions = Questions(
            lambda: self.calls.append("begun"), lambda: self.calls.append("over")
        )

    def ask(self, label: str) -> None:
        """Ask something."""

        def take(answer: str) -> None:
            self.calls.append(f"{label}: {answer}")

        self.questions.ask(
            Question(
                label, take, label.lower(), lambda: self.calls.append(f"no {label}")
            )
        )

    def test_one_after_the_other(self) -> None:
        """None takes the place of another one, nor its answer."""
        for label in ("A", "B", "C"):
            self.ask(label)
        self.questions.answer.insert_text("!")
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
