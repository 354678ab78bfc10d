"""The acknowledging program."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count

from twisted.trial.unittest import SynchronousTestCase

from ecochat.core import items as i
from ecochat.core import requests as r
from ecochat.dialects.classic.ack import AckDialect

NOON = datetime(2026, 11, 21, 12)
CAME = datetime(2026, 11, 21, 4, 30, 22, 715_000)


def millis(time: datetime) -> int:
    """Return a local time as the hub has it."""
    return round(time.timestamp() * 1000)


class AckTestCase(SynchronousTestCase):
    """A client called Client01, whose requests come a second after each other."""

    def setUp(self) -> None:
        seconds = count()
        self.dialect = AckDialect(
            "class", lambda: NOON + timedelta(seconds=next(seconds))
        )
        self.parser = self.dialect.parser()
        self.parser.named("Client01")

    def reply(self, body: i.Body, ref: str | None = None) -> str:
        """Return how it is told something."""
        return self.dialect.reply(body, ref).decode()


class ReadTests(AckTestCase):
    """What a read asks for."""

    def test_messages(self) -> None:
        """Each is acknowledged as it was, with the time at which it was read; a time of
        a whole second is written in full, too."""
        for second, (read, text) in enumerate(
            (
                ("hi", "hi"),
                ("two\nlines", "two\nlines"),
                (" spaced ", " spaced "),
                ("status please", "status please"),
                ("exit!\n", "exit!"),
            )
        ):
            answer = (
                "Client Name: Client01\n"
                f"Request Time: 2026-11-21 12:00:0{second}.000000\n"
                f"Message (echoed back): {read} ACK\n"
            )
            self.assertEqual(self.parser.request(read), r.Say(text, ref=answer))

    def test_words(self) -> None:
        """In any case, and with the line feed of netcat."""
        for word, request in (
            ("exit", r.Depart(tell=True)),
            ("status", r.Visits("Client{:02d}")),
        ):
            for read in (word, word.upper(), word.title(), f"{word}\n"):
                self.assertEqual(self.parser.request(read), request)

    def test_two_clients(self) -> None:
        """Each is told its own name."""
        other = self.dialect.parser()
        other.named("Client02")
        for parser, name in ((self.parser, "Client01"), (other, "Client02")):
            request = parser.request("hi")
            assert isinstance(request, r.Say)
            self.assertIn(f"Client Name: {name}\n", request.ref or "")

    def test_the_present_time(self) -> None:
        """It is the clock's, unless another is given."""
        request = AckDialect("class").parser().request("hi")
        assert isinstance(request, r.Say)
        assert request.ref
        line = request.ref.split("\n")[1].removeprefix("Request Time: ")
        written = datetime.strptime(line, "%Y-%m-%d %H:%M:%S.%f")
        self.assertLess(abs(datetime.now() - written), timedelta(hours=1))


class AnswerTests(AckTestCase):
    """What it is told."""

    def test_the_beginning(self) -> None:
        """With the local time and the name."""
        for time, written in (
            (CAME, "2026-11-21 04:30:22.715000"),
            (NOON, "2026-11-21 12:00:00.000000"),
        ):
            welcome = i.Welcomed(1, "Client01", millis(time), ())
            self.assertEqual(
                self.reply(welcome),
                f"\nYou have connected to the server at {written}. Welcome Client01!\n",
            )

    def test_the_end(self) -> None:
        """Who asked for it is told when; who was not there is told nothing."""
        self.assertEqual(
            self.reply(i.Ended(millis(CAME))),
            "You have ended the connection.\n"
            "Disconnect time: 2026-11-21 04:30:22.715000\n",
        )
        self.assertEqual(self.reply(i.Ended()), "")

    def test_who_came_and_went(self) -> None:
        """As Python prints that dictionary, in which a whole second has no fraction."""
        visits = (
            i.Visit("Client01", millis(CAME), millis(NOON)),
            i.Visit("Client02", millis(NOON)),
        )
        self.assertEqual(
            self.reply(i.Visited(visits)),
            "Server Cache: {'Client01': {'connection': datetime.datetime(2026, 11, 21,"
            " 4, 30, 22, 715000), 'disconnection': datetime.datetime(2026, 11, 21, 12,"
            " 0)}, 'Client02': {'connection': datetime.datetime(2026, 11, 21, 12, 0),"
            " 'disconnection': None}}\n",
        )
