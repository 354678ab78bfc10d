"""The first client: a chat in a terminal, or lines from one program to another."""

from ecochat.client.terminal.entry import run

__all__ = ["run"]
