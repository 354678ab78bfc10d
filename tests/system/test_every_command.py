"""Every command and every classic word, right and wrong, over real sockets."""

import re
from itertools import pairwise
from pathlib import Path

from twisted.trial.unittest import TestCase

from ecochat.core.commands import COMMANDS
from ecochat.core.words import WORDS, WORDS_IN_ANY_CASE
from tests.support.server import Server
from tests.support.stage import JOKE, Stage

TALK = Path(__file__).with_name("every_command.talk")
WRONG = "-!"


def lines() -> list[str]:
    """Return the lines of the talk."""
    every = TALK.read_text().splitlines()
    return [line for line in every if line and not line.startswith("#")]


def sent(arrow: str) -> set[str]:
    """Return what is sent by lines with this arrow."""
    return {line.split(" ", 2)[2] for line in lines() if line.split(" ")[1] == arrow}


class EveryCommandTests(TestCase):
    """One long talk, of which every frame is looked at."""

    def test_the_talk(self) -> None:
        """Each frame gives the frames that the talk says, and no other."""
        jokes = Path(self.mktemp()).absolute()
        jokes.write_text(JOKE)
        with Server("--name", "NAME", "--jokes", str(jokes)) as server:
            stage = Stage(server)
            stage.play([line.replace(WRONG, "->") for line in lines()])
            stage.end()

    def test_nothing_is_missing(self) -> None:
        """Each command is there, right and wrong; each word is there."""
        for command in COMMANDS:
            for arrow in ("->", WRONG):
                tried = re.compile(rf"/{command}\b", re.IGNORECASE)
                found = any(tried.match(text) for text in sent(arrow))
                self.assertTrue(found, f"{command} {arrow}")
        words = {*WORDS, "QUIT", "QUIT 12345"}
        self.assertEqual(words - sent("->"), set())
        lower = {text.lower() for text in sent("->")}
        self.assertEqual(set(WORDS_IN_ANY_CASE) - lower, set())

    def test_what_is_wrong_is_an_error(self) -> None:
        """What follows a wrong line in the talk is an error to who sent it."""
        talk = lines()
        for line, answer in pairwise(talk):
            name, arrow, _ = line.split(" ", 2)
            is_error = answer.startswith(f"{name} <- ! ")
            self.assertEqual(is_error, arrow == WRONG, line)
