"""What the screen shows before there is a server: what this is, and what is asked."""

import time

from ecochat.client.address import Address
from ecochat.client.safe import safe
from ecochat.client.screen.model import Model

LINES = (
    "Welcome to EcoChat: what you write is kept until it is stored.",
    "F1 lists the keys, /help the commands, like /join ROOM.",
    "Choose a nickname and go to {}.",
)
"""All of it is seen on 12 rows of 40 columns, with an address of usual length."""


def first_screen(address: Address) -> Model:
    """Return a model to show while a person is asked for a name."""
    model = Model("", str(address), clock=time.time)
    model.why = "not connected yet"
    for line in LINES:
        model.tell(line.format(safe(str(address))))
    return model


def encoding_note(encoding: str) -> str:
    """Return what to say of a terminal that cannot take each letter, as Python has
    found out from the environment; "" where it can."""
    if "".join(encoding.lower().split("-")) == "utf8":
        return ""
    text = "others than its letters are lost; set LC_ALL to a locale of UTF-8"
    return f"the terminal is taken to have {safe(encoding)}: {text}"
