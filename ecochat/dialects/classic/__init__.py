"""What the unchanged clients of the classroom programs speak (docs/classic.md)."""
