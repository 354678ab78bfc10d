"""The store on threads."""

from __future__ import annotations

import threading
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.trial.unittest import TestCase

from ecochat.core.items import (
    Event,
    KeyMade,
    RoomMade,
    SearchRange,
    SessionClosed,
    SessionOpened,
)
from ecochat.core.records import Batch, Found, Indexed, KeyRecord, Loaded
from ecochat.net import storage
from ecochat.net.storage import PAGES, Storage
from ecochat.store.memory import MemoryStore
from ecochat.store.port import READERS, StoreError

BATCH = Batch(
    rooms=[RoomMade(1, 1, "lobby", "lobby", 0)],
    events=[Event(2, 1, 1, 0, 1, "bob", "message", "hi")],
)


class WatchedStore(MemoryStore):
    """Notes the thread of each call; ``page`` waits until it is let go.

    :ivar reading: the threads that have read pages.
    :ivar together: reached when as many pages are read at one time as may be.
    """

    def __init__(self) -> None:
        super().__init__()
        self.threads: dict[str, int] = {}
        self.calls: list[str] = []
        self.reading: set[int] = set()
        self.refusing = False
        self.together = threading.Barrier(READERS, timeout=60)

    def _called(self, name: str) -> None:
        self.calls.append(name)
        self.threads[name] = threading.get_ident()

    def open(self) -> Loaded:
        """Open, or refuse to."""
        self._called("open")
        if self.refusing:
            raise StoreError("in use")
        return super().open()

    def append(self, batch: Batch) -> None:
        """Store, or refuse to."""
        self._called("append")
        if self.refusing:
            raise StoreError("disk full")
        super().append(batch)

    def index(self) -> bool:
        """Index."""
        self._called("index")
        return super().index()

    def search(self, wanted: SearchRange) -> list[Found]:
        """Search."""
        self._called("search")
        return super().search(wanted)

    def page(self, room: int, after: int, upto: int, size: int) -> list[Event]:
        """Read, when another is read at the same time."""
        self._called("page")
        self.reading.add(threading.get_ident())
        self.together.wait()
        return super().page(room, after, upto, size)

    def close(self) -> None:
        """Close."""
        self._called("close")


class NumberedStore(MemoryStore):
    """Notes which pages are read; those behind an end are refused.

    :ivar read: the ``after`` of each page, in order.
    """

    def __init__(self) -> None:
        super().__init__()
        self.read: list[int] = []

    def page(self, room: int, after: int, upto: int, size: int) -> list[Event]:
        """Read, or refuse to."""
        self.read.append(after)
        if after > upto:
            raise StoreError("cannot read")
        return []


class PagesTests(TestCase):
    """So many pages at one time, however many are asked for; here by one thread."""

    def setUp(self) -> None:
        self.patch(storage, "READERS", 1)
        self.store = NumberedStore()
        self.storage = Storage(self.store, reactor)
        self.storage.start()
        self.addCleanup(self.storage.stop)

    def wait_for_thread(self) -> None:
        """Let the thread do all that it was given, while the reactor does nothing."""
        done = threading.Event()
        self.storage._readers.callInThread(done.set)
        self.assertTrue(done.wait(60))

    async def test_no_more_are_read_than_the_reactor_takes(self) -> None:
        """The others follow as those are taken, in order."""
        pages = [self.storage.page(1, n, n, 1) for n in range(3 * PAGES)]
        self.wait_for_thread()
        self.assertEqual(self.store.read, list(range(PAGES)))
        await gatherResults(pages)
        self.assertEqual(self.store.read, list(range(3 * PAGES)))

    async def test_pages_that_cannot_be_read(self) -> None:
        """They make room for others too."""
        refused = [self.storage.page(1, 9, 0, 1) for _ in range(2 * PAGES)]
        read = self.storage.page(1, 0, 0, 1)
        for page in refused:
            with self.assertRaises(StoreError):
                await page
        self.assertEqual(await read, [])


class StorageTests(TestCase):
    """Blocking calls are made elsewhere, and their results come back."""

    def setUp(self) -> None:
        self.store = WatchedStore()
        self.storage = Storage(self.store, reactor)

    def start(self) -> Loaded:
        """Start the storage, and stop it at the test's end."""
        loaded = self.storage.start()
        self.addCleanup(self.storage.stop)
        return loaded

    async def test_appending(self) -> None:
        """It happens in a thread; what it fires comes to the reactor's."""
        self.assertEqual(self.start().rooms, ())
        fired: list[int] = []
        stored = self.storage.append(BATCH)
        stored.addCallback(lambda _: fired.append(threading.get_ident()))
        await stored
        here = threading.get_ident()
        self.assertEqual(fired, [here])
        self.assertEqual(self.store.threads["open"], here)
        self.assertNotEqual(self.store.threads["append"], here)

    async def test_appending_that_fails(self) -> None:
        """The Deferred fails with what the store raised."""
        self.start()
        self.store.refusing = True
        error: Any = None
        try:
            await self.storage.append(BATCH)
        except StoreError as raised:
            error = raised
        self.assertEqual(str(error), "disk full")

    async def test_pages_are_read_side_by_side(self) -> None:
        """Two at one time, beside the writer."""
        self.start()
        await self.storage.append(BATCH)
        pages = [self.storage.page(1, 0, 1, 100) for _ in range(READERS)]
        for page in pages:
            self.assertEqual([event.text for event in await page], ["hi"])

    async def test_sessions_are_read_as_pages_are(self) -> None:
        """Those that are open, and those that have ended."""
        self.start()
        here, gone = (SessionOpened(n, n, f"n{n}", "unix", n, n) for n in (1, 2))
        closed = SessionClosed(3, 2, "n2", "quit", 9, 1)
        await self.storage.append(Batch(opened=[here, gone], closed=[closed]))
        there = await self.storage.open_sessions(10, 0, 2, 5)
        self.assertEqual([record.session for record in there], [1])
        ended = await self.storage.closed_sessions(10, 5)
        self.assertEqual([record.session for record in ended], [2])

    async def test_what_is_read_at_hello_and_later(self) -> None:
        """Keys, what is stored under an id, and what need not be kept."""
        self.start()
        event = Event(2, 1, 1, 500, 1, "bob", "message", "hi", 1, 7)
        rooms, keys = BATCH.rooms, [KeyMade(1, 1, b"hash")]
        await self.storage.append(Batch(rooms=rooms, keys=keys, events=[event]))
        record = await self.storage.key(b"hash")
        self.assertEqual(record, KeyRecord(1, b"hash", 7, (1, 1)))
        self.assertEqual(await self.storage.stored(1, 7), event)
        self.assertEqual(await self.storage.last_before(501, None, 1), 1)
        self.assertEqual(await self.storage.oldest(1), 1)

    async def test_searching(self) -> None:
        """It has a thread of its own: it goes on while others wait for what they read,
        and they do not wait for it."""
        self.start()
        await self.storage.append(BATCH)
        wanted = SearchRange(("hi",), None, {}, None, 0, 9, 9)
        pages = [self.storage.page(1, 0, 1, 100) for _ in range(READERS - 1)]
        (found,) = await self.storage.search(wanted)
        self.assertEqual(found.event, BATCH.events[0])
        self.assertEqual(await self.storage.indexed(), Indexed(2, 0))
        pages.append(self.storage.page(1, 0, 1, 100))
        self.assertEqual(len(await gatherResults(pages)), READERS)
        self.assertNotIn(self.store.threads["search"], self.store.reading)

    async def test_indexing(self) -> None:
        """It is done where groups are stored, and tells whether there is more."""
        self.start()
        await self.storage.append(BATCH)
        self.assertIs(await self.storage.index(), False)
        threads = self.store.threads
        self.assertEqual(threads["index"], threads["append"])

    async def test_groups_go_before_the_index(self) -> None:
        """One that is asked to be stored before a step has begun is stored first."""
        self.start()
        may_go = threading.Event()
        self.storage._writer.callInThread(may_go.wait, 60)
        step = self.storage.index()
        stored = self.storage.append(BATCH)
        may_go.set()
        self.assertIs(await step, True)
        await stored
        self.assertEqual(self.store.calls, ["open", "append"])
        self.assertIs(await self.storage.index(), False)
        self.assertEqual(self.store.calls, ["open", "append", "index"])

    async def test_indexing_goes_on_after_a_group_that_failed(self) -> None:
        """It does not wait for that one for ever."""
        self.start()
        self.store.refusing = True
        with self.assertRaises(StoreError):
            await self.storage.append(BATCH)
        await self.storage.index()
        self.assertEqual(self.store.calls[-1], "index")

    async def test_stopping_waits_for_what_is_under_way(self) -> None:
        """What was asked for is done before the store is closed."""
        self.storage.start()
        stored: list[Deferred[None]] = [self.storage.append(BATCH)]
        stored += [self.storage.append(Batch()) for _ in range(20)]
        self.storage.stop()
        self.assertEqual(self.store.calls[-1], "close")
        self.assertEqual(self.store.calls.count("append"), 21)
        for deferred in stored:
            await deferred

    def test_a_store_that_cannot_be_opened(self) -> None:
        """The error is raised, and no thread was started."""
        self.store.refusing = True
        with self.assertRaises(StoreError):
            self.storage.start()
