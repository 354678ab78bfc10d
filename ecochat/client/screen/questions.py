"""What is asked in place of the line in which one writes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from ecochat.client.screen.switcher import Choice, Picker


@dataclass
class Question:
    """Something that is asked.

    :ivar label: what stands before the answer.
    :ivar take: given the answer.
    :ivar text: the answer to begin with.
    :ivar drop: called when it is not answered.
    :ivar picker: a list from which the answer is chosen, by what is typed.
    """

    label: str
    take: Callable[[str], object]
    text: str = ""
    drop: Callable[[], object] = lambda: None
    picker: Picker | None = None


class Questions:
    """Asks one thing at a time, what is to be typed one after the other.

    :ivar asked: what is asked now, if anything is.
    :ivar answer: prompt_toolkit's buffer of the answer.
    :param begun: called when something is asked.
    :param over: called when nothing is asked any more.
    """

    def __init__(self, begun: Callable[[], object], over: Callable[[], object]) -> None:
        self.asked: Question | None = None
        self._waiting: dict[str, Question] = {}  # by label, so that none waits twice
        self.answer = Buffer(multiline=False, on_text_changed=self._typed)
        self._begun = begun
        self._over = over

    @property
    def picker(self) -> Picker | None:
        """The list that is shown now, if one is."""
        return self.asked.picker if self.asked is not None else None

    @property
    def label(self) -> str:
        """What stands before the answer."""
        return self.asked.label if self.asked is not None else ""

    def ask(self, question: Question) -> None:
        """Ask something: instead of a list, but behind a question that one types an
        answer to, and not twice."""
        if self.asked is not None and self.asked.picker is None:
            if question.label != self.asked.label:
                self._waiting[question.label] = question
            return
        self._ask(question)

    def _ask(self, question: Question) -> None:
        self.asked = question
        self.answer.document = Document(question.text)
        self._begun()

    def choose(
        self,
        label: str,
        choices: Sequence[Choice],
        drop: Callable[[], object] = lambda: None,
    ) -> None:
        """Have one of these chosen."""
        picker = Picker(choices, self._do)
        self.ask(Question(label, lambda text: picker.enter(), "", drop, picker))

    def reply(self) -> None:
        """Take the answer as it is now; of a list that has nothing more is asked."""
        asked = self.asked
        if asked is not None and asked.picker is not None:
            asked.picker.enter()
        elif asked is not None:
            text = self.answer.text
            self._settle()
            asked.take(text)

    def dismiss(self) -> None:
        """Do without an answer."""
        asked = self.asked
        if asked is not None:
            self._settle()
            asked.drop()

    def _do(self, do: Callable[[], object]) -> None:
        self._settle()
        do()

    def _settle(self) -> None:
        self.asked = None
        if self._waiting:
            self._ask(self._waiting.pop(next(iter(self._waiting))))
        else:
            self._over()

    def _typed(self, buffer: Buffer) -> None:
        if self.picker is not None:
            self.picker.find(buffer.text)
