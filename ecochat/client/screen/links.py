"""Addresses of web pages in what people write."""

import re
from urllib.parse import quote

from ecochat.client.lines import Fragments

ADDRESS = r"""https?://[A-Za-z0-9][^\s<>"`{}|\\^\[\]]+"""
"""What looks like one, up to where it surely ends."""

LONGEST = 1_000
"""Characters of an address that can be followed: terminals take about 2,000 bytes."""

_LINK = re.compile(r"(https?://[A-Za-z0-9.-]+(?::[0-9]+)?)((?:[/?#].*)?)")
_PLAIN = "%/:?#@!$&'()*+,;=~"
"""What stays as it is in the path of an address, beside letters, digits and ``-._``."""


def link(text: str, style: str) -> Fragments:
    """Return an address as a link, and without one the marks that end its sentence.

    The address stands in the style, in brackets, where
    :mod:`ecochat.client.screen.hyperlinks` finds it.
    """
    address = text.rstrip(".,:;!?'*_")
    if "(" not in address:
        address = address.rstrip(")")
    rest: Fragments = [(style, text[len(address) :])] if address != text else []
    found = _LINK.fullmatch(address)
    if found is None or len(address) > LONGEST:
        return [(f"{style} class:link".strip(), address), *rest]
    target = found[1] + quote(found[2], safe=_PLAIN)
    return [(f"{style} class:link [{target}]".strip(), address), *rest]
