"""The crash test: connections are cut and the server is killed while clients write.

``make crash``, or ``python -m tests.crash --help``.
"""
