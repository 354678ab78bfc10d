"""What can go wrong for a program that talks with a server."""


class ClientError(Exception):
    """Any of the errors of the library; its text is a sentence for people."""


class Refused(ClientError):
    """The server did not do it; nothing was changed.

    :param code: a word for programs, one of :data:`ecochat.core.wire.CODES`.
    :param text: a sentence for people: what was wrong, and what was expected.
    :param path: where in the request, as ``$.text``; None for the whole of it.
    """

    def __init__(self, code: str, text: str, path: str | None = None) -> None:
        super().__init__(text)
        self.code = code
        self.text = text
        self.path = path


class NotStored(Refused):
    """What was written was in order, and could not be stored: not now (``not_stored``),
    or not then, and why was not heard (``id_skipped``).

    It is certain that it is not stored. To write it again is to write something new.
    """


class Disconnected(ClientError):
    """The connection was lost before the answer came, or there is none.

    Of what only asks nothing is known then. What writes is not told so while the
    client goes on: it is kept, and sent again until it is answered.
    """


class Unreachable(Disconnected):
    """There is no server to be reached there, or none that answers."""


class Ended(Disconnected):
    """The server has ended the session for good; the client does not come back.

    :param code: why: ``kicked``, ``taken_over``, or why it is not let in again.
    """

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


class NoKey(ClientError):
    """No key can be kept on this machine, or all that are kept are in use."""


class TooMuch(ClientError):
    """More requests are unanswered than the client keeps: wait for some of them."""


class ServerFault(ClientError):
    """What the server said is not as its protocol has it, as a number left out."""
