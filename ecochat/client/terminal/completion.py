"""Completes the word before the cursor, by what is offered for it."""

from collections.abc import Callable, Iterable, Iterator

from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document

Offers = Callable[[str, str], Iterable[tuple[str, str, str]]]
"""Gives what can stand in place of a word: from all before the cursor, and the word."""


class OfferCompleter(Completer):
    """Completes the word before the cursor.

    :param is_unasked: whether that is done without the Tab key; asked only when it is
        done, as what was typed may have been sent by then.
    """

    def __init__(
        self, offers: Offers, is_unasked: Callable[[], bool] = lambda: False
    ) -> None:
        self._offers = offers
        self._is_unasked = is_unasked

    def get_completions(
        self, document: Document, complete_event: CompleteEvent
    ) -> Iterator[Completion]:
        """See prompt_toolkit."""
        if complete_event.text_inserted and not self._is_unasked():
            return
        before = document.text_before_cursor
        word = document.get_word_before_cursor(WORD=True)
        for text, shown, help in self._offers(before, word):
            yield Completion(text, -len(word), display=shown, display_meta=help)
