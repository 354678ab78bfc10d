"""Presence in words, where it is told as numbers."""


def in_numbers(joined: int, left: int, renamed: int) -> str:
    """Return how many came, went, have another name: ``37 joined, 12 left``; what
    nobody did is left out."""
    counts = ((joined, "joined"), (left, "left"), (renamed, "renamed"))
    return ", ".join(f"{count} {what}" for count, what in counts if count)
