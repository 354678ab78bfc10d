"""What is asked in place of the line in which one writes."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from prompt_toolkit.buffer import Buffer
from prompt_toolkit.document import Document

from ecochat.client.screen.switcher import Choice, Picker

PAUSE = 1.0
"""Seconds without a key after which one is taken to have stopped typing: what is typed
before that was not meant for a question that comes by itself."""


@dataclass
class Question:
    """Something that is asked.

    :ivar label: what stands before the answer.
    :ivar take: given the answer.
    :ivar text: the answer to begin with.
    :ivar is_suggested: whether that gives way to the first letter that is typed.
    :ivar check: says what is wrong with an answer, so that it is not taken; "" for
        nothing.
    :ivar drop: called when it is not answered.
    :ivar picker: a list from which the answer is chosen, by what is typed.
    """

    label: str
    take: Callable[[str], object]
    text: str = ""
    is_suggested: bool = True
    check: Callable[[str], str] = lambda text: ""
    drop: Callable[[], object] = lambda: None
    picker: Picker | None = None


class Questions:
    """Asks one thing at a time, what is to be typed one after the other.

    :ivar asked: what is asked now, if anything is.
    :ivar answer: prompt_toolkit's buffer of the answer.
    :param begun: called when something is asked.
    :param over: called when nothing is asked any more.
    :param clock: gives seconds, since any moment.
    """

    def __init__(
        self,
        begun: Callable[[], object],
        over: Callable[[], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.asked: Question | None = None
        self._waiting: dict[str, Question] = {}  # by label, so that none waits twice
        self._offered: dict[str, Question] = {}
        self.answer = Buffer(
            multiline=False,
            on_text_changed=self._typed,
            on_cursor_position_changed=self._touched,
        )
        self._begun = begun
        self._over = over
        self._clock = clock
        self._pressed = clock() - PAUSE

    @property
    def picker(self) -> Picker | None:
        """The list that is shown now, if one is."""
        return self.asked.picker if self.asked is not None else None

    @property
    def label(self) -> str:
        """What stands before the answer."""
        return self.asked.label if self.asked is not None else ""

    @property
    def offered(self) -> str:
        """What stands before the next answer that waits for one to stop typing; "" for
        none."""
        return next(iter(self._offered), "")

    def pressed(self) -> None:
        """Take it that a key was pressed just now."""
        self._pressed = self._clock()

    def offer(self, question: Question) -> None:
        """Ask something that comes by itself: by :meth:`open`, not twice."""
        if question.label != self.label:
            self._offered[question.label] = question

    def open(self) -> float:
        """Ask what was offered, where one has stopped typing; return the seconds until
        that may be so, 0.0 where nothing more is offered."""
        left = self._pressed + PAUSE - self._clock()
        if self._offered and left <= 0 and (self.asked is None or self.picker):
            self._ask(self._offered.pop(self.offered))
        return max(left, PAUSE / 10) if self._offered else 0.0

    def withdraw(self) -> None:
        """Ask nothing of what was only offered."""
        self._offered.clear()

    def ask(self, question: Question) -> None:
        """Ask something: instead of a list, but behind a question that one types an
        answer to, and not twice."""
        if self.asked is not None and self.asked.picker is None:
            if question.label != self.asked.label:
                self._waiting[question.label] = question
            return
        self._ask(question)

    def _ask(self, question: Question) -> None:
        self.asked = None  # this is no change of its answer
        self.answer.document = Document(question.text)
        self.asked = question
        self._begun()

    def choose(
        self,
        label: str,
        choices: Sequence[Choice],
        drop: Callable[[], object] = lambda: None,
    ) -> None:
        """Have one of these chosen."""
        picker = Picker(choices, self._do)
        take = lambda text: picker.enter()  # noqa: E731
        self.ask(Question(label, take, drop=drop, picker=picker))

    def look(self, label: str, choices: Sequence[Choice]) -> None:
        """Have one of these chosen at once, as a person wants to: what one types an
        answer to is asked again after that, with what is typed so far."""
        asked = self.asked
        if asked is not None and asked.picker is None:
            asked.text, self.asked = self.answer.text, None
            self._waiting = {asked.label: asked, **self._waiting}
        self.choose(label, choices)

    def insert(self, text: str) -> None:
        """Type this; what was only suggested gives way to it."""
        if self.is_suggested:
            self.answer.text = ""
        self.answer.insert_text(text)

    @property
    def is_suggested(self) -> bool:
        """Whether the answer is what was suggested, and nothing was done to it yet."""
        asked = self.asked
        return asked is not None and asked.is_suggested and bool(asked.text)

    def reply(self) -> str:
        """Take the answer as it is now; of a list that has nothing more is asked.
        Return what is wrong with it: then it is asked on. "" where it is taken."""
        asked, text = self.asked, self.answer.text
        if asked is not None and asked.picker is not None:
            asked.picker.enter()
        elif asked is not None:
            if wrong := asked.check(text):
                return wrong
            self._settle()
            asked.take(text)
        return ""

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

    def _touched(self, buffer: Buffer) -> None:
        if self.asked is not None:
            self.asked.is_suggested = False

    def _typed(self, buffer: Buffer) -> None:
        self._touched(buffer)
        if self.picker is not None:
            self.picker.find(buffer.text)
