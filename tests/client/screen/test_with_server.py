"""A model, its talk, the library, and a real server that is killed."""

from __future__ import annotations

import time
from collections.abc import Callable
from itertools import pairwise

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread

from ecochat.client import Client
from ecochat.client.backoff import Backoff
from ecochat.client.outbox import MemoryOutbox
from ecochat.client.screen import rows
from ecochat.client.screen.entries import Kind, State
from ecochat.client.screen.looking import Looking
from ecochat.client.screen.model import Model
from ecochat.client.screen.talk import Talk
from tests.client.test_with_server import ServerTestCase

KEY = "k" * 30
COUNT = 250
"""Messages said by another one: some pages."""

WIDTH, HEIGHT = 80, 40
"""Of the log, where it is looked at."""


class TalkingTests(ServerTestCase):
    """Somebody at a model."""

    def talk(self, outbox: MemoryOutbox) -> Talk:
        """Have alice begin to talk."""
        client = Client(
            f"127.0.0.1:{self.port}",
            nick="alice",
            key=KEY,
            outbox=outbox,
            reactor=reactor,
            backoff=Backoff(lambda: 0.1),
        )
        self.waiting: list[tuple[Callable[[], bool], Deferred[None]]] = []
        talk = Talk(client, Model("alice", clock=time.time), self.changed, reactor)
        talk.start()
        self.addCleanup(lambda: Deferred.fromCoroutine(talk.stop()))
        return talk

    def changed(self) -> None:
        """Tell who waits for what is so now."""
        for waiting in [w for w in self.waiting if w[0]()]:
            self.waiting.remove(waiting)
            waiting[1].callback(None)

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something holds of a model."""
        if not is_so():
            waiting: Deferred[None] = Deferred()
            self.waiting.append((is_so, waiting))
            await waiting

    async def test_whole_pages(self) -> None:
        """Going back shows each screen, up to the first message, without a gap."""
        bob = self.client(nick="bob")
        await bob.ready()
        await gatherResults([bob.say("lobby", f"b{n}") for n in range(COUNT)])
        model = self.talk(MemoryOutbox(KEY)).model
        looking = Looking()
        looking.size = (WIDTH, HEIGHT)
        room = model.open_room("lobby")
        await self.until(lambda: model.online and room.first < room.last)
        pages: list[list[str]] = []
        while room.first > 1 or len(pages) * HEIGHT < COUNT:
            shown = rows.seen(room, WIDTH, HEIGHT)
            pages.append(["".join(text for _, text in row) for _, row in shown])
            looking.scroll(model, 1 - HEIGHT)
            await self.until(lambda: not room.is_loading)
            looking.scroll_on(model)
        *whole, (newer, older) = pairwise(pages)
        self.assertEqual([a[0] for a, _ in whole], [b[-1] for _, b in whole])
        self.assertIn(newer[0], older)

    async def test_kept_and_read_back(self) -> None:
        """What is said while the server is away is stored by the next start of the
        program; all that others said is read back, to the beginning."""
        bob = self.client(nick="bob")
        await bob.ready()
        await gatherResults([bob.say("lobby", f"b{n}") for n in range(COUNT)])
        outbox = MemoryOutbox(KEY)
        talk = self.talk(outbox)
        await self.until(lambda: talk.model.online)
        self.server.kill()
        await self.until(lambda: not talk.model.online)
        talk.say("mine 1")
        talk.say("mine 2")
        await talk.stop()
        again = self.talk(outbox)
        self.assertEqual(again.model.unstored, 2)
        await deferToThread(self.server.start)
        await self.until(lambda: again.model.unstored == 0)
        room = again.model.rooms["lobby"]
        await self.until(lambda: room.last == COUNT + 2 and room.first < room.last)
        while room.first > 1:
            again.model.older(room)
            await self.until(lambda: not room.is_loading)
        said = [e for e in room.entries if e.kind is Kind.MESSAGE]
        expected = [f"b{n}" for n in range(COUNT)] + ["mine 1", "mine 2"]
        self.assertEqual([entry.text for entry in said], expected)
        self.assertEqual({entry.state for entry in said}, {State.STORED})
        self.assertEqual([e.is_own for e in said[-3:]], [False, True, True])
