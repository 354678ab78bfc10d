"""Certificates for servers of tests, made by openssl."""

import subprocess
from pathlib import Path
from typing import NamedTuple

_KEY = "-utf8 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"


class Certificate(NamedTuple):
    """Files of one certificate (PEM).

    :param chain: those of who signed it, up to who signed itself; the last is left out
        where the certificate itself is that.
    """

    key: Path
    certificate: Path
    chain: tuple[Path, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Its SHA-256, as openssl has it."""
        command = "openssl x509 -noout -fingerprint -sha256 -in"
        return _run(command, self.certificate).strip().partition("=")[2]


def self_signed(
    folder: Path, name: str, alternative: str = "IP:127.0.0.1", more: str = ""
) -> Certificate:
    """Make one that is signed by itself.

    :param alternative: whom it is for, as openssl has it.
    :param more: another extension, as openssl has it.
    """
    made = Certificate(folder / f"{name}.key", folder / f"{name}.pem")
    added = ["-addext", f"subjectAltName={alternative}"]
    _run(
        f"openssl req -x509 -days 2 {_KEY} -subj /CN={name}",
        *(added + ["-addext", more] * bool(more)),
        *("-keyout", made.key, "-out", made.certificate),
    )
    return made


def signed(
    by: Certificate,
    folder: Path,
    name: str,
    alternative: str = "IP:127.0.0.1",
    days: int = 2,
    more: str = "",
) -> Certificate:
    """Make one that another one has signed; see :func:`self_signed`.

    :param days: for how long it is valid; -1: it has expired.
    """
    made = Certificate(
        folder / f"{name}.key",
        folder / f"{name}.pem",
        (by.certificate, *by.chain),
    )
    request = folder / f"{name}.request"
    added = ["-addext", f"subjectAltName={alternative}"]
    _run(
        f"openssl req {_KEY} -subj /CN={name}",
        *(added + ["-addext", more] * bool(more)),
        *("-keyout", made.key, "-out", request),
    )
    _run(
        f"openssl x509 -req -days {days} -copy_extensions copy -in",
        *(request, "-CA", by.certificate, "-CAkey", by.key, "-out", made.certificate),
    )
    return made


def _run(command: str, *more: object) -> str:
    words = [*command.split(), *map(str, more)]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout
