"""The client: a conversation without I/O, and the faces on it."""
