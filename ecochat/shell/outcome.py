"""How a command ends: its exit status, and one line where it failed."""

import sys

DONE, FAILED, USAGE, UNREACHABLE = range(4)
INTERRUPTED = 130
"""What shells make of a program that SIGINT ended: 128 and the signal's number."""

STATUSES = {
    DONE: "It is done.",
    FAILED: "It was refused or failed, or the server ended the session; one line on"
    " standard error says why.",
    USAGE: "The command line is wrong.",
    UNREACHABLE: "The server cannot be reached, or was lost.",
    INTERRUPTED: "It was interrupted, or told to end.",
}
"""The exit statuses, as the manual page explains them."""


def tell(text: str) -> None:
    """Write one line on standard error."""
    if sys.stderr is not None:  # closed by the shell that started us
        sys.stderr.write(f"ecochat: {' '.join(text.split())}\n")


def fail(text: str, status: int = FAILED) -> int:
    """Write one line about what went wrong, and return the exit status."""
    tell(text)
    return status
