"""The client and a real server that is killed and started again."""

from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from ecochat.client import Client, Ended, Event, Refused, key_of_name
from ecochat.client.backoff import Backoff
from tests.support.ports import free_port
from tests.support.server import Server
from tests.support.waiting import WAIT

COUNT = 300
"""Messages that are said while the server is killed."""


def passed_on(number: int, to: Deferred[None]) -> int:
    """Tell another one that there is a number, and return it."""
    to.callback(None)
    return number


async def events(client: Client, room: str, upto: int) -> list[Event]:
    """Return what is said in a room from now on up to a number."""
    got: list[Event] = []
    async for event in client.events(room):
        if isinstance(event, Event):
            got.append(event)
            if event.n >= upto:
                break
    return got


class ServerTestCase(TestCase):
    """With a server in a process of its own, always on the same port."""

    timeout = 3 * WAIT

    def setUp(self) -> None:
        self.port = free_port()
        self.server = Server(listen=f"tcp:{self.port}:interface=127.0.0.1")
        self.server.__enter__()
        self.addCleanup(self.server.__exit__, None, None, None)

    def client(self, **options: Any) -> Client:
        """Return a client of the server, which is started; it does not wait long."""
        client = Client(
            f"127.0.0.1:{self.port}",
            reactor=reactor,
            backoff=Backoff(lambda: 0.1),
            **options,
        )
        client.startService()
        self.addCleanup(client.stopService)
        return client


class KilledTests(ServerTestCase):
    """Whatever happens to the server."""

    async def test_once_in_order(self) -> None:
        """What is said while it is killed is stored once, and seen once, in order."""
        writer, reader = self.client(nick="w", rooms=[]), self.client(nick="r")
        await gatherResults([writer.ready(), reader.ready()])
        seen = Deferred.fromCoroutine(events(reader, "lobby", COUNT))
        said = []
        for third in range(3):
            texts = [f"{third} {n}" for n in range(COUNT // 3)]
            said += [writer.say("lobby", text) for text in texts]
            some: Deferred[None] = Deferred()
            said[-len(texts) // 2].addCallback(passed_on, some)
            await some
            self.server.kill()
            await deferToThread(self.server.start)
        numbers = await gatherResults(said)
        log = [event async for event in writer.log("lobby")]
        self.assertEqual(numbers, list(range(1, COUNT + 1)))
        self.assertEqual([event.n for event in log], numbers)
        self.assertEqual(await seen, log)


class IdentityTests(ServerTestCase):
    """Keys."""

    async def test_once_by_name(self) -> None:
        """Who has the name sends one message, however often; no other text."""
        key, numbers = key_of_name("backup"), []
        await self.client(rooms=["lobby"]).ready()
        for _ in range(2):
            client = self.client(key=key, rooms=[])
            numbers.append(await client.say("lobby", "done", id=1))
            await client.quit()
        client = self.client(key=key, rooms=[])
        with self.assertRaises(Refused) as refused:
            await client.say("lobby", "more", id=1)
        self.assertEqual((numbers, refused.exception.code), ([1, 1], "id_reused"))

    async def test_taken_over(self) -> None:
        """Two of one key: the second goes on, the first does not come back."""
        first = self.client(nick="a")
        await first.ready()
        loop = Deferred.fromCoroutine(events(first, "lobby", 1))
        second = self.client(key=first.key)
        welcome = await second.ready()
        self.assertEqual((welcome.nick, welcome.resumed), ("a", True))
        with self.assertRaises(Ended) as ended:
            await loop
        self.assertEqual(ended.exception.code, "taken_over")

    async def test_going_on_later(self) -> None:
        """With the positions kept, another program gets what was said meanwhile."""
        first, other = self.client(), self.client()
        await gatherResults([first.ready(), other.ready()])
        seen = Deferred.fromCoroutine(events(first, "lobby", 1))
        await first.say("lobby", "one")
        await seen
        kept = dict(first.joined)
        await first.quit()
        await gatherResults([other.say("lobby", text) for text in ("two", "three")])
        again = self.client(key=first.key, rooms=kept)
        got = await events(again, "lobby", 3)
        self.assertEqual([event.n for event in got], [2, 3])
