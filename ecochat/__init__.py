"""EcoChat: a chat server anyone can run, where acknowledged means on disk."""

__version__ = "0.1.0"
