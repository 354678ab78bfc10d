"""Tests of what the clients of the classroom programs speak."""
