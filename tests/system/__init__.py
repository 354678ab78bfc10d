"""Tests of the whole: the real server in a process of its own, real sockets."""
