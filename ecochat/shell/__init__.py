"""The shell commands: ``ecochat send``, ``tail``, ``history`` and the others.

What they do is done by the client library; here is what they read and print.
"""
