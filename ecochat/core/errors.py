"""The one error that the core tells a user."""


class Refused(Exception):
    """A request that was not carried out; nothing was changed by it.

    :param code: one of a closed list of words for programs, as ``bad_name``.
    :param text: a sentence for people: what was wrong, and what was expected.
    :param path: where in the request that was, as ``$.nick``; empty for the whole.
    """

    def __init__(self, code: str, text: str, path: str = "") -> None:
        super().__init__(code, text)
        self.code = code
        self.text = text
        self.path = path
