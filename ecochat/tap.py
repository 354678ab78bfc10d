"""What twistd's plugin loads when ``ecochat`` is asked for."""

from ecochat.console import make_service as makeService
from ecochat.options import ServerOptions as Options

__all__ = ["Options", "makeService"]
