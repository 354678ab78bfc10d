"""The full-screen client: a model without I/O, what is seen of it, and a thin face."""
