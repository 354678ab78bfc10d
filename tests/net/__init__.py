"""Tests of the Twisted side, on hand-made pipes, pages, stores and clocks."""
