"""Tests of ecochat.shell."""
