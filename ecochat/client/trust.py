"""Whom this user trusts over TLS: the certificates that were accepted once."""

import re
from pathlib import Path

from ecochat.client.errors import NotKept, Untrusted
from ecochat.client.files import alone, replace

LARGEST = 1 << 20
"""Bytes read of the file of known servers, and of one with certificates: some thousand
of either."""

_LINE = re.compile(
    r"(?P<where>\S+) SHA256:(?P<fingerprint>[0-9A-F]{2}(:[0-9A-F]{2}){31})"
)
_PEM = re.compile(b"-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----", re.DOTALL)


class Trust:
    """Knows which certificates are trusted beside those that are verified.

    The file of known servers has a line ``HOST:PORT SHA256:AB:CD:…`` for each, so that
    a person can read it, and remove one. One that cannot be read trusts nobody: what
    was accepted must not be asked for again as if it were new.

    :param ca: a file of certificates (PEM) that verify servers, instead of those of
        the system; a server's own will do. What was accepted does not count then.
    :param file: the file of known servers; by default in this user's config folder.
    """

    def __init__(self, ca: Path | str | None = None, file: Path | None = None) -> None:
        self.ca = None if ca is None else Path(ca)
        self._file = file

    @property
    def file(self) -> Path:
        """The file of known servers."""
        if self._file is None:
            from platformdirs import user_config_path

            self._file = user_config_path("ecochat") / "known-servers"
        return self._file

    def known(self, where: str) -> str:
        """Return the fingerprint accepted for HOST:PORT; empty where none is.

        :raises NotKept: when the file cannot be read.
        """
        for line in self._lines():
            found = _LINE.fullmatch(line)
            if found is not None and found["where"] == where:
                return found["fingerprint"]
        return ""

    def accept(self, untrusted: Untrusted) -> None:
        """Trust this certificate from now on, for the server that showed it; what was
        accepted for that before is forgotten.

        :raises NotKept: when the file cannot be read or written.
        """
        new = f"{untrusted.where} SHA256:{untrusted.fingerprint}"
        try:
            with alone(self.file):
                others = [
                    line
                    for line in self._lines()
                    if line.partition(" ")[0] != untrusted.where
                ]
                replace(self.file, "".join(f"{line}\n" for line in (*others, new)))
        except OSError as error:
            text = f"{self.file} cannot be written: {error.strerror}"
            raise NotKept(text) from error

    def authorities(self) -> list[bytes] | None:
        """Return the certificates (PEM) that verify servers; None for the system's.

        :raises ValueError: when the file of them cannot be read, or has none.
        """
        if self.ca is None:
            return None
        try:
            with self.ca.open("rb") as file:
                found = _PEM.findall(file.read(LARGEST))
        except OSError as error:
            raise ValueError(f"{self.ca} cannot be read: {error.strerror}") from None
        if not found:
            raise ValueError(f"{self.ca} has no certificate in it (PEM)")
        return found

    def _lines(self) -> list[str]:
        """Return the file's lines, each of which is in order."""
        try:
            with self.file.open(encoding="utf-8") as file:
                text = file.read(LARGEST + 1)
        except FileNotFoundError:
            return []
        except (OSError, UnicodeDecodeError) as error:
            raise NotKept(f"{self.file} cannot be read: {error}") from error
        lines = text.splitlines()
        for number, line in enumerate(lines, 1):
            if not _LINE.fullmatch(line):
                wrong = f"line {number} of {self.file} is not HOST:PORT SHA256:AB:CD:…"
                raise NotKept(f"{wrong}; correct it, or remove it")
        return lines
