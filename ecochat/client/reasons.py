"""Why there is no connection, in words for people."""

import errno
import re

from OpenSSL.SSL import Error as SSLError
from twisted.internet import error as errors
from twisted.python.failure import Failure

from ecochat.client.address import Address

START = "start a server with: twistd -n ecochat"

CHECK = "see if it runs, and if the address and the port are right"

_OWN = re.compile(r"localhost|127\.[0-9.]+|::1", re.IGNORECASE)
"""This machine, where one can start a server."""


def why_not(address: Address, failure: Failure) -> str:
    """Say why a server cannot be reached, and what to do."""
    error = failure.value
    where, host = str(address), address.host
    if failure.check(errors.ConnectionRefusedError):
        is_own = _OWN.fullmatch(host) and not address.is_secret
        what_to_do = START if is_own else CHECK
        return f"nobody listens at {where} (connection refused); {what_to_do}"
    if getattr(error, "osError", None) == errno.ENOENT:
        return f"nobody listens at {where} (no such file); {START}"
    if failure.check(errors.DNSLookupError, errors.UnknownHostError):
        return f"cannot find the host {host or where}; see how its name is written"
    if failure.check(errors.TimeoutError):
        return f"{where} does not answer; see if the address and the port are right"
    return f"cannot connect to {where}: {plain(failure)}"


def plain(failure: Failure) -> str:
    """Return an error's own words, without Twisted's sentence before them."""
    error = failure.value
    if isinstance(error, SSLError):  # its argument is OpenSSL's queue of errors
        return f"TLS failed: {'; '.join(words[-1] for words in error.args[0])}"
    if isinstance(error, errors.ConnectError) and error.args:
        return str(error.args[-1])
    if isinstance(error, errors.ConnectionDone):
        return "it closed the connection"
    return str(error).rstrip(".") or type(error).__name__
