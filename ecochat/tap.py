"""What twistd's plugin loads when ``ecochat`` is asked for."""

from ecochat.options import ServerOptions as Options
from ecochat.service import make_service as makeService

__all__ = ["Options", "makeService"]
