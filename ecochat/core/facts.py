"""What a server can say of itself and of its machine."""

import msgspec


class Facts(msgspec.Struct, frozen=True):
    """What a server can say of itself.

    :param name: the server's name.
    :param mac: the machine's hardware address as ``aa:bb:cc:dd:ee:ff``; empty when it
        shows none.
    :param jokes: told in this order, over and over; at least one.
    """

    name: str = "EcoChat"
    mac: str = ""
    jokes: tuple[str, ...] = ("There are 10 kinds of people: who read binary, or not.",)
