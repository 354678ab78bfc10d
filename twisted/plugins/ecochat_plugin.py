"""Makes ``twistd ecochat`` known."""

from twisted.application.service import ServiceMaker

ecochat = ServiceMaker(
    "EcoChat", "ecochat.tap", "A chat server that keeps what is said", "ecochat"
)
