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


class Untrusted(Unreachable):
    """A server's certificate is neither verified nor known; nothing was sent there.

    :ivar brief: a short sentence, for where the whole text has no place.
    :ivar where: the server's host and port.
    :ivar fingerprint: the SHA-256 of its certificate, as ``AB:CD:…``.
    :ivar known: the fingerprint that it had; empty for a server that is not known.
    :ivar can_be_accepted: whether a person can be asked to accept it: not where it has
        changed, nor where a file says who verifies servers.
    """

    def __init__(
        self,
        text: str,
        brief: str,
        where: str,
        fingerprint: str,
        known: str = "",
        is_unverified: bool = False,
    ) -> None:
        super().__init__(text)
        self.brief = brief
        self.where = where
        self.fingerprint = fingerprint
        self.known = known
        self.can_be_accepted = not (known or is_unverified)


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


class NotKept(ClientError):
    """The outbox, or another file, cannot be used, as on a full disk; what was to be
    kept in it before it is sent is not sent."""


class TooMuch(ClientError):
    """More requests are unanswered than the client keeps: wait for some of them."""


class ServerFault(ClientError):
    """What the server said is not as its protocol has it, as a number left out."""
