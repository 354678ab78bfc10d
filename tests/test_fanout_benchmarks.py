"""The benchmarks of fan-out: their load, the bare loop, the peers, their pictures.

Nothing here looks at how long anything took.
"""

import os
import selectors
import socket
import threading
from array import array
from collections.abc import Callable
from pathlib import Path
from ssl import SSLSocket, SSLWantReadError
from types import ModuleType
from xml.etree import ElementTree

from twisted.trial.unittest import SynchronousTestCase

from benchmarks import (
    audience,
    bare_loop,
    contest,
    crowd,
    delay,
    fanout,
    load,
    peers,
    results,
    rooms,
    scale,
    structured,
    tls,
)
from benchmarks.audience import (
    RECORD,
    Audience,
    Room,
    Sender,
    WholeSocket,
    over_tcp,
    over_tls,
)
from benchmarks.chart import Axis, Chart
from benchmarks.dialects import BARE, PLAIN
from benchmarks.load import closed, paced
from benchmarks.machine import BenchmarkError
from benchmarks.naive import make_certificate, naive
from benchmarks.results import Results, Run, verdict
from tests.support.waiting import WAIT

Spoil = Callable[[int, bytes], bytes]
"""Told the number of a client and what it is to be sent; returns what it is sent."""


def read(client: socket.socket, size: int) -> bytes:
    """Return what comes, of so many bytes."""
    data, buffer = bytearray(), bytearray(1 << 17)
    while len(data) < size:
        got = client.recv_into(buffer)
        assert got, "the server closed"
        data += buffer[:got]
    return bytes(data)


class Fake:
    """A server in a thread that sends what anyone says to all, but for one fault.

    :param spoil: makes the fault, of nothing that is sent by itself.
    """

    def __init__(self, spoil: Spoil) -> None:
        self._spoil = spoil
        self._door = socket.create_server(("127.0.0.1", 0))
        self._clients: list[socket.socket] = []
        self._stopped, self._stop = socket.socketpair()
        self.port: int = self._door.getsockname()[1]
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def stop(self) -> None:
        """End it."""
        self._stop.close()
        self._thread.join()

    def _serve(self) -> None:
        with selectors.DefaultSelector() as waiting:
            for each in (self._door, self._stopped):
                waiting.register(each, selectors.EVENT_READ)
            while True:
                ready = [key.fileobj for key, _ in waiting.select()]
                if self._stopped in ready:
                    break
                for readable in ready:
                    assert isinstance(readable, socket.socket)
                    if readable is self._door:
                        self._clients.append(self._door.accept()[0])
                        waiting.register(self._clients[-1], selectors.EVENT_READ)
                    elif data := readable.recv(1 << 16):
                        self._send(data)
                    else:
                        waiting.unregister(readable)
        for one in (*self._clients, self._door, self._stopped):
            one.close()

    def _send(self, data: bytes) -> None:
        for number, client in enumerate(self._clients):
            if what := self._spoil(number, data):
                client.sendall(what)


class CountingTests(SynchronousTestCase):
    """A run counts when each reader was given each message, and only then."""

    def run_on(self, spoil: Spoil) -> load.Outcome:
        """Run against a server with a fault: three readers, two senders."""
        self.patch(load, "WAIT", 10.0)  # silent for a tenth of it: nothing comes then
        fake = Fake(spoil)
        self.addCleanup(fake.stop)
        with Audience(over_tcp(fake.port), BARE) as made:
            made.join(3, 2)
            return closed(made, os.getpid(), in_flight=4, seconds=0.2)

    def test_what_reaches_everyone_counts(self) -> None:
        """Each message once for each reader; with each its bytes and its last time."""
        outcome = self.run_on(lambda number, data: data)
        self.assertGreater(outcome.messages, 0)
        self.assertEqual(outcome.deliveries, 3 * outcome.messages)
        self.assertEqual(outcome.bytes_each, 101)
        self.assertEqual(len(outcome.last), 3)
        self.assertGreaterEqual(outcome.slowest, 1)

    def test_a_message_that_one_reader_lacks_does_not_count(self) -> None:
        """One frame, to one reader, once."""
        lost: list[bytes] = []

        def spoil(number: int, data: bytes) -> bytes:
            if number != 1 or lost:
                return data
            lost.append(data)
            return data.partition(b"\0")[2]

        error = self.assertRaises(BenchmarkError, self.run_on, spoil)
        self.assertEqual(str(error), "1 readers do not have what was said to them")

    def test_a_message_that_one_reader_has_twice_does_not_count(self) -> None:
        """It is no delivery that was asked for."""

        def spoil(number: int, data: bytes) -> bytes:
            return data * 2 if number == 2 else data

        self.assertRaises(BenchmarkError, self.run_on, spoil)

    def test_what_is_no_message_is_not_counted(self) -> None:
        """Who joined, and whatever else a server has to say, is no delivery."""
        outcome = self.run_on(lambda number, data: data + b"* someone joined\0")
        self.assertEqual(outcome.deliveries, 3 * outcome.messages)

    def test_a_closed_connection_does_not_count(self) -> None:
        """The server has ended it."""
        ours, peer = socket.socketpair()
        peer.close()
        with Audience(lambda: ours, BARE) as made:
            error = self.assertRaises(BenchmarkError, made.join, 1)
        self.assertIn("closed a connection", str(error))

    def test_who_is_not_greeted(self) -> None:
        """Connecting ends, and says how many lack it."""
        self.patch(audience, "WAIT", 0.05)
        fake = Fake(lambda number, data: data)
        self.addCleanup(fake.stop)
        with Audience(over_tcp(fake.port), PLAIN) as made:
            error = self.assertRaises(BenchmarkError, made.join, 2)
        self.assertEqual(str(error), "2 connections are not greeted")

    def test_delays_are_those_of_all_deliveries(self) -> None:
        """At a pace, each delivery is timed."""
        fake = Fake(lambda number, data: data)
        self.addCleanup(fake.stop)
        with Audience(over_tcp(fake.port), BARE) as made:
            made.join(3, 2)
            outcome = paced(made, os.getpid(), rate=200, seconds=0.2)
        self.assertEqual(len(outcome.delays), 3 * outcome.messages)
        self.assertEqual(outcome.delays, sorted(outcome.delays))
        self.assertGreater(outcome.delay(0), 0)
        self.assertEqual(outcome.delay(1), outcome.delays[-1])


class RoomTests(SynchronousTestCase):
    """Who says what, and when."""

    def setUp(self) -> None:
        pairs = [socket.socketpair() for _ in range(3)]
        for each in (end for pair in pairs for end in pair):
            each.setblocking(False)
            self.addCleanup(each.close)
        self.peers = [peer for _, peer in pairs]
        self.room = Room("lab", senders=[Sender(ours) for ours, _ in pairs])

    def shares(self, times: int) -> list[int]:
        """Say something so many times, and return how often each sender said it."""
        self.room.say(b"x", times)
        shares = []
        for peer in self.peers:
            try:
                shares.append(len(peer.recv(99)))
            except BlockingIOError:
                shares.append(0)
        return shares

    def test_senders_take_turns(self) -> None:
        """Each as often as the others, or once more, beginning with who is next."""
        said = [self.shares(times) for times in (1, 1, 2, 7, 3, 0)]
        expected = [[1, 0, 0], [0, 1, 0], [1, 0, 1], [2, 3, 2], [1, 1, 1], [0, 0, 0]]
        self.assertEqual(said, expected)

    def test_a_full_socket_gets_the_rest_later(self) -> None:
        """Nothing is lost, and nothing is out of order."""
        (sender,) = self.room.senders[:1]
        data = bytes(range(251)) * 4_000
        sender.send(data)
        self.assertTrue(sender.unsent)
        got = bytearray()
        while len(got) < len(data):
            got += self.peers[0].recv(1 << 16)
            sender.send(b"")
        self.assertEqual(got, data)


class BareLoopTests(SynchronousTestCase):
    """The loop in C."""

    def test_bytes_arrive_whole(self) -> None:
        """Also where a socket takes only part of them: everyone has all, in order."""
        data = array("Q", range(2_000_000)).tobytes()  # far more than a socket holds
        with bare_loop.bare_loop() as (port, _):
            clients = [socket.socket() for _ in range(3)]
            for each in clients:
                each.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 14)
                each.connect(("127.0.0.1", port))
                self.addCleanup(each.close)
            clients[0].sendall(b"hello")
            for each in clients:
                self.assertEqual(read(each, 5), b"hello")
            writing = threading.Thread(target=clients[0].sendall, args=(data,))
            writing.start()
            heard = [read(each, len(data)) for each in clients]
            writing.join()
        self.assertEqual([each == data for each in heard], [True] * 3)

    def test_it_goes_on_without_who_left(self) -> None:
        """A client that has gone, whoever it was, is not sent to."""
        with bare_loop.bare_loop() as (port, _):
            for place in range(3):
                clients = [
                    socket.create_connection(("127.0.0.1", port)) for _ in range(3)
                ]
                clients.pop(place).close()
                clients[0].sendall(b"hello")
                for each in clients:
                    self.assertEqual(read(each, 5), b"hello")
                    each.close()

    def test_without_a_compiler_it_is_absent(self) -> None:
        """It is not among those who are compared, and is said to be absent."""
        self.patch(bare_loop, "COMPILER", "no-such-compiler")
        self.assertEqual(bare_loop.compiler(), "")
        names = [one.name for one in contest.contenders(peers=())]
        self.assertEqual(names, [contest.ECOCHAT])


class NaiveTests(SynchronousTestCase):
    """The naive server, and the load over TLS."""

    def test_everyone_is_sent_everything(self) -> None:
        """In order, and what takes more than a record is read at once."""
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        make_certificate(folder)
        said = b"".join(b"message %d\0" % number for number in range(3_000))
        self.assertGreater(len(said), 2 * RECORD)
        with naive(folder) as (port, _):
            first, second = (over_tls(port)() for _ in range(2))
            for each in (first, second):
                self.addCleanup(each.close)
                each.settimeout(WAIT)
            second.sendall(b"here\0")
            self.assertEqual(second.recv(99), b"here\0")
            first.sendall(said)
            self.assertEqual(read(second, len(said)), said)
            self.assertEqual(read(first, len(said) + 5), b"here\0" + said)

    def test_records_are_read_together(self) -> None:
        """A full one, and what is behind it; not what is not there."""
        ours = WholeSocket.__new__(WholeSocket)
        sizes = [RECORD, RECORD, 7]

        def receive(_: object, buffer: memoryview) -> int:
            if not sizes:
                raise SSLWantReadError
            size = sizes.pop(0)
            buffer[:size] = bytes([size % 251]) * size
            return size

        self.patch(SSLSocket, "recv_into", receive)
        buffer = bytearray(1 << 18)
        self.assertEqual(ours.recv_into(buffer), 2 * RECORD + 7)
        self.assertEqual(buffer[2 * RECORD : 2 * RECORD + 7], b"\7" * 7)
        sizes += [RECORD]
        self.assertEqual(ours.recv_into(buffer), RECORD)


class ShortFormTests(SynchronousTestCase):
    """Each benchmark runs, on real processes, and tells what it measured."""

    def check(self, benchmark: ModuleType, expected: list[str]) -> Results:
        """Run the short form: it has figures of all who are here, above zero."""
        measured: Results = benchmark.measure(short=True)
        self.assertEqual([run.what for run in measured.runs], expected)
        for run in measured.runs:
            self.assertTrue(all(figure > 0 for figure in run.figures.values()), run)
        self.assertIn("| EcoChat | ", benchmark.section(measured))
        return measured

    @property
    def here(self) -> list[str]:
        """Which peers are installed."""
        return [peer.name for peer in peers.PEERS if peer.path]

    def test_fanout(self) -> None:
        """Beside the loop and the peers."""
        expected = [contest.ECOCHAT, contest.LOOP, *self.here]
        measured = self.check(fanout, expected)
        for peer in peers.PEERS:
            self.assertIn(measured.machine[peer.name], (peer.version, "absent"))

    def test_scale(self) -> None:
        """Beside the loop and the peers; with a picture."""
        expected = [contest.ECOCHAT, contest.LOOP, *self.here]
        measured = self.check(scale, expected)
        (chart,) = scale.pictures(measured).values()
        self.assertEqual([*chart.series], expected)

    def test_crowd(self) -> None:
        """Beside the loop, and how fast and evenly."""
        measured = self.check(crowd, [contest.ECOCHAT, contest.LOOP])
        self.assertIn("| last byte of the slowest", crowd.section(measured))

    def test_rooms(self) -> None:
        """Beside the peers; the loop has no rooms."""
        self.check(rooms, [contest.ECOCHAT, *self.here])

    def test_structured(self) -> None:
        """The loop moves as many bytes."""
        measured = self.check(structured, [contest.ECOCHAT, contest.LOOP])
        (ours,), (theirs,) = (
            measured.figures(what, structured.BYTES)
            for what in (contest.ECOCHAT, contest.LOOP)
        )
        self.assertLess(abs(ours - theirs), 2)

    def test_tls(self) -> None:
        """Beside the naive server."""
        self.check(tls, [contest.ECOCHAT, tls.NAIVE])

    def test_delay(self) -> None:
        """Percentiles rise; with a picture."""
        expected = [contest.ECOCHAT, contest.LOOP, *self.here, delay.DISK]
        measured = self.check(delay, expected)
        for run in measured.runs:
            shares = [run.figures[name] for name in delay.SHARES]
            self.assertEqual(shares, sorted(shares))
        self.assertEqual([*delay.pictures(measured)], [delay.PICTURE])


class SectionTests(SynchronousTestCase):
    """What is told of figures."""

    def test_who_is_absent_is_named(self) -> None:
        """Floor and goal stand there all the same."""
        runs = [Run(1, contest.ECOCHAT, {"x": 2e6}), Run(1, contest.LOOP, {"x": 4e6})]
        made = Results("x", "today", "by hand", {}, {}, runs)
        limits = {contest.LOOP: (0.45, 0.7), contest.INSPIRCD: (1.8, 3.0)}
        rows = contest.compared(made, "x", limits)
        self.assertEqual(rows[1][2], "**0.50 (0.50 to 0.50)**")
        self.assertIn("the floor is met", rows[1][5])
        absent = ["InspIRCd", "absent", "", "1.8", "3.0", "not measured"]
        self.assertEqual(rows[2], absent)

    def test_the_verdict(self) -> None:
        """Below the floor, at it, at the goal; and where less is better."""
        for figure, floor, goal, words in (
            (0.4, 0.45, 0.7, "**below the floor**"),
            (0.45, 0.45, 0.7, "the floor is met, the goal is not"),
            (0.7, 0.45, 0.7, "the goal is met"),
            (-5.1, -5, -2, "**over the limit**"),
            (-5, -5, -2, "the floor is met, the goal is not"),
            (-1.9, -5, -2, "the goal is met"),
        ):
            self.assertEqual(verdict(figure, floor, goal), words)

    def test_delay_without_a_loop(self) -> None:
        """It is said that there is nothing to compare with."""
        figures = dict.fromkeys(delay.SHARES, 1.0)
        runs = [Run(1, contest.ECOCHAT, figures)]
        made = Results("delay", "today", "by hand", {}, {}, runs)
        self.assertIn("no C compiler", delay.over_loop(made))


class PeerTests(SynchronousTestCase):
    """Other servers."""

    def test_a_peer_that_is_not_installed(self) -> None:
        """It is not found, has no version, and is not compared with."""
        peer = peers.Peer("Nobody", "no-such-program", "", ())
        self.assertEqual((peer.path, peer.version), (None, ""))
        names = [one.name for one in contest.contenders(peers=[peer])]
        self.assertNotIn("Nobody", names)

    def test_a_peer_that_does_not_start(self) -> None:
        """What it wrote is told."""
        peer = peers.Peer("Cat", "cat", "words\n", ("--no-such-option",))
        with self.assertRaises(BenchmarkError) as caught, peer.running():
            pass
        self.assertIn("no-such-option", str(caught.exception))


class ChartTests(SynchronousTestCase):
    """Pictures."""

    def drawn(self, chart: Chart) -> ElementTree.Element:
        """Return a picture as a tree; it is well-formed."""
        return ElementTree.fromstring(chart.svg())

    def texts(self, chart: Chart) -> list[str]:
        """Return all that is written on a picture."""
        return [text for each in self.drawn(chart).iter() if (text := each.text)]

    def test_what_is_written(self) -> None:
        """The title, both axes, their ticks, and the name of each line."""
        series = {"a < b": [(100, 1e6), (1_000, 2e6)], "c": [(100, 3.5e6)]}
        chart = Chart("T & U", Axis("readers", log=True), Axis("rate"), series)
        texts = self.texts(chart)
        for text in ("T & U", "readers", "rate", "a < b", "c", "100", "300", "1,000"):
            self.assertIn(text, texts)
        self.assertIn("0", texts)
        self.assertIn("3.5 M", texts)

    def test_points_are_in_the_plot(self) -> None:
        """More is higher and further right, whatever the scale."""
        for log in (False, True):
            points = [(1.0, 1.0), (10.0, 5.0), (100.0, 20.0)]
            axes = Axis("x", log), Axis("y", log)
            lines = self.drawn(Chart("t", *axes, {"a": points})).iter()
            (path,) = (e.get("points") for e in lines if len(e.get("points", "")) > 30)
            places = [tuple(map(float, xy.split(","))) for xy in str(path).split()]
            self.assertEqual(places, sorted(places))
            self.assertEqual(places[::-1], sorted(places, key=lambda xy: xy[1]))
            for x, y in places:
                self.assertTrue(0 < x < 760 and 0 < y < 420)

    def test_ticks_by_hand(self) -> None:
        """They are where they were put."""
        axis = Axis("share", ticks={0.0: "50 %", 1.0: "99 %"})
        texts = self.texts(Chart("t", axis, Axis("ms"), {"a": [(0, 1), (1, 2)]}))
        self.assertIn("50 %", texts)
        self.assertIn("99 %", texts)

    def test_the_pictures_are_those_of_the_results_kept(self) -> None:
        """docs/ has what benchmarks/results gives."""
        for benchmark in (scale, delay):
            kept = results.load(benchmark.NAME, results.FOLDER)
            for name, chart in benchmark.pictures(kept).items():
                drawn = results.PAGE.with_name(name).read_text()
                self.assertEqual(drawn, chart.svg())
