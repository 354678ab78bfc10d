"""What a conversation keeps in an outbox, and what the next one does with it."""

from collections.abc import Sequence
from typing import Any
from unittest import mock

import msgspec
from twisted.trial.unittest import SynchronousTestCase

from ecochat.client.conversation import Conversation
from ecochat.client.errors import Disconnected, NotKept, Refused
from ecochat.client.happenings import Failed, Held, Outcome
from ecochat.client.outbox import Kept, MemoryOutbox
from ecochat.core import requests as ask
from ecochat.core import wire
from ecochat.core.requests import Request
from tests.client.fakes import Talk, error, message, welcome

KEY = "k" * 22


class FullOutbox(MemoryOutbox):
    """Can be full."""

    full = False

    def keep(self, request: Request, talk: int | None) -> Kept:
        """See :class:`ecochat.client.outbox.Outbox`."""
        self._check()
        return super().keep(request, talk)

    def change(self, changed: Sequence[Kept]) -> None:
        """See :class:`ecochat.client.outbox.Outbox`."""
        self._check()
        super().change(changed)

    def remove(self, serials: Sequence[int]) -> None:
        """See :class:`ecochat.client.outbox.Outbox`."""
        self._check()
        super().remove(serials)

    def _check(self) -> None:
        if self.full:
            raise NotKept("the disk is full")


def say(text: str, room: str | None = "lobby") -> ask.Say:
    """Return that something is said."""
    return ask.Say(text=text, room=room)


def welcome_to(talks: dict[str, int], last_id: int = 0) -> wire.Welcome:
    """Return a welcome to the lobby and private rooms, each with its id."""
    rooms = {room: wire.RoomState(0, "", id=id) for room, id in talks.items()}
    said = welcome(last_id=last_id)
    return msgspec.structs.replace(said, rooms={**said.rooms, **rooms})


class OutboxTestCase(SynchronousTestCase):
    """Conversations with one outbox, one after the other."""

    def setUp(self) -> None:
        self.outbox = FullOutbox(KEY, lambda: 0.0)
        self.talk = Talk(outbox=self.outbox)

    def ask(self, *requests: Request) -> list[str]:
        """Ask these."""
        return [self.talk.conversation.request(each) for each in requests]

    def restart(self) -> None:
        """Have the client die, and another one begin."""
        self.talk = Talk(outbox=self.outbox)

    def begin(self, said: wire.Welcome | None = None) -> list[Outcome]:
        """Have a session; return what comes of its beginning."""
        self.talk.conversation.connected()
        self.talk.sent()
        return self.talk.hear(said or welcome())

    def sent(self) -> list[tuple[Any, Any]]:
        """Return the texts that were sent since the last time, and their ids."""
        return [(s.get("text", s["op"]), s.get("id")) for s in self.talk.sent()]

    def kept(self) -> list[tuple[Any, Any]]:
        """Return the texts that are kept, and their ids."""
        requests: list[Any] = [kept.request for kept in self.outbox.load()]
        return [(request.text, request.id) for request in requests]

    def refusals(self, outcomes: list[Outcome]) -> list[str]:
        """Return the codes of what is refused among what came."""
        errors = [each.error for each in outcomes if isinstance(each, Failed)]
        return [e.code for e in errors if isinstance(e, Refused)]


class KeepingTests(OutboxTestCase):
    """What is in the outbox, and from when to when."""

    def test_before_a_session(self) -> None:
        """It is kept at once; with its id before it can leave; until it is answered."""
        (ref,) = self.ask(say("a"))
        self.assertEqual(self.kept(), [("a", None)])
        self.begin(welcome(last_id=7))
        self.assertEqual(self.kept(), [("a", 8)])
        self.assertEqual(self.sent(), [("a", 8)])
        self.talk.hear(wire.Stored(ref=ref, id=8, room="lobby", n=1))
        self.assertEqual(self.kept(), [])

    def test_in_a_session(self) -> None:
        """It has its id at once."""
        self.begin(welcome(last_id=7))
        self.ask(say("a"), say("b"))
        self.assertEqual(self.kept(), [("a", 8), ("b", 9)])
        self.assertEqual(self.sent(), self.kept())

    def test_taken_back(self) -> None:
        """What was never sent is in the outbox no longer, and is not; the next client
        can take it back as well."""
        one, _two = self.ask(say("a"), say("b"))
        self.assertTrue(self.talk.conversation.withdraw(one))
        self.assertFalse(self.talk.conversation.withdraw(one))
        self.assertEqual(self.kept(), [("b", None)])
        self.restart()
        ((again, _),) = self.talk.conversation.unanswered.items()
        self.assertTrue(self.talk.conversation.withdraw(again))
        self.begin()
        self.assertEqual((self.sent(), self.kept()), ([], []))

    def test_not_taken_back(self) -> None:
        """What may have been sent, by this client or one before; or what the outbox
        cannot let go."""
        self.begin()
        (ref,) = self.ask(say("a"))
        self.assertFalse(self.talk.conversation.withdraw(ref))
        list(self.talk.conversation.lost("cut"))
        self.assertFalse(self.talk.conversation.withdraw(ref))
        self.restart()
        ((again, _),) = self.talk.conversation.unanswered.items()
        self.assertFalse(self.talk.conversation.withdraw(again))
        (later,) = self.ask(say("b"))
        with mock.patch.object(self.outbox, "remove", side_effect=NotKept("full")):
            self.assertFalse(self.talk.conversation.withdraw(later))
        self.begin()
        self.assertEqual(self.sent(), [("a", 1), ("b", 2)])

    def test_only_what_writes(self) -> None:
        """Questions are not asked again by the next client."""
        self.begin()
        self.ask(ask.Time(), ask.SetTopic(room="lobby"), ask.Join(room="dev"))
        self.assertEqual(self.outbox.load(), [])

    def test_refused(self) -> None:
        """For whatever reason: it is told, and kept no longer."""
        self.begin()
        for code in ("usage", "not_stored", "too_many", "id_skipped"):
            (ref,) = self.ask(say("a"))
            self.assertEqual(self.refusals(self.talk.hear(error(ref, code))), [code])
            self.assertEqual(self.kept(), [])

    def test_what_has_no_answer(self) -> None:
        """It is kept when the connection is lost, and when the client stops."""
        self.begin()
        self.ask(say("a"))
        self.talk.lose()
        list(self.talk.conversation.close(Disconnected("stopped")))
        self.assertEqual(self.kept(), [("a", 1)])

    def test_of_another_key(self) -> None:
        """It is not taken for one's own."""
        for key in (None, "x" * 22):
            with self.assertRaises(ValueError):
                Conversation(key=key, outbox=self.outbox)


class AgainTests(OutboxTestCase):
    """The next client."""

    def test_in_order(self) -> None:
        """What had an id goes under it, the rest above, before what is new."""
        self.begin(welcome(last_id=7))
        self.ask(say("a"), say("b"))
        self.talk.lose()
        self.ask(say("c"))
        self.restart()
        self.ask(say("d"))
        self.begin(welcome(last_id=8))
        self.ask(say("e"))
        expected = [("a", 8), ("b", 9), ("c", 10), ("d", 11), ("e", 12)]
        self.assertEqual(self.sent(), expected)
        self.assertEqual(self.kept(), expected)

    def test_the_whole_request(self) -> None:
        """It is what it was."""
        self.begin()
        self.ask(ask.React(message=3, reaction="+", room="dev", remove=True))
        (before,) = self.talk.sent()
        self.restart()
        self.begin()
        self.assertEqual(self.talk.sent(), [before])

    def test_what_the_server_does_not_take(self) -> None:
        """Is refused, and does not come back."""
        self.ask(say("x" * 500))
        self.restart()
        small = msgspec.structs.replace(welcome(), limits=wire.Bounds(200, 100))
        self.assertEqual(self.refusals(self.begin(small)), ["too_long"])
        self.assertEqual((self.sent(), self.kept()), ([], []))


class FullTests(OutboxTestCase):
    """An outbox that can keep nothing for a time."""

    def test_at_first(self) -> None:
        """Who writes is told; it is not sent, then or later; the rest goes on."""
        self.begin()
        self.outbox.full = True
        with self.assertRaisesRegex(NotKept, "the disk is full"):
            self.ask(say("a"))
        self.ask(ask.Time())
        self.assertEqual(self.sent(), [("time", None)])
        self.outbox.full = False
        self.ask(say("b"))
        self.assertEqual(self.sent(), [("b", 1)])

    def test_the_ids(self) -> None:
        """What has no id that is kept is not sent before it has, and nothing that is
        written later goes before it."""
        self.begin()
        self.ask(say("a"))
        self.talk.lose()
        self.ask(say("b"), ask.Time(), say("c"))
        self.outbox.full = True
        self.assertIn(Held("the disk is full"), self.begin())
        self.assertEqual(self.sent(), [("a", 1), ("time", None)])
        self.assertEqual(self.kept(), [("a", 1), ("b", None), ("c", None)])
        self.talk.hear(message("lobby", 1))
        self.assertEqual(self.sent(), [])
        self.outbox.full = False
        self.ask(say("d"))
        self.assertEqual(self.sent(), [("b", 2), ("c", 3), ("d", 4)])
        self.assertEqual(self.kept(), [("a", 1), ("b", 2), ("c", 3), ("d", 4)])

    def test_the_ids_of_those_before(self) -> None:
        """They are in use, also while no other can be kept."""
        self.begin()
        self.ask(say("a"), say("b"))
        self.restart()
        self.ask(say("c"))
        self.outbox.full = True
        self.begin()
        self.outbox.full = False
        self.talk.hear(message("lobby", 1))
        self.assertEqual(self.sent(), [("a", 1), ("b", 2), ("c", 3)])

    def test_by_itself(self) -> None:
        """It is tried again whenever the server says anything."""
        self.ask(say("a"))
        self.outbox.full = True
        self.begin()
        self.outbox.full = False
        self.talk.hear(message("lobby", 1))
        self.assertEqual(self.sent(), [("a", 1)])

    def test_what_is_answered(self) -> None:
        """It is answered all the same, and kept no longer as soon as that can be."""
        self.begin()
        (ref,) = self.ask(say("a"))
        self.outbox.full = True
        stored = wire.Stored(ref=ref, id=1, room="lobby", n=1)
        self.assertEqual(len(self.talk.hear(stored)), 1)
        self.assertEqual(self.kept(), [("a", 1)])
        self.outbox.full = False
        self.talk.hear(message("lobby", 1))
        self.assertEqual(self.kept(), [])


class PrivateTests(OutboxTestCase):
    """What is for one person goes to that one, or to nobody."""

    def for_whom(self) -> list[str]:
        """Return for whom what was sent is."""
        return [s.get("room") or f"@{s['nick']}" for s in self.talk.sent()]

    def test_by_the_room(self) -> None:
        """Whoever has which name when the next client comes."""
        self.begin(welcome_to({"@bob": 12}))
        self.ask(say("a", "@Bob"), ask.SayTo(nick="bob", text="b"), say("c", "@12"))
        self.restart()
        self.begin(welcome_to({"@rob": 12, "@bob": 13}))
        self.assertEqual(self.for_whom(), ["@12", "@12", "@12"])

    def test_known_later(self) -> None:
        """What was written before a session is for whom the name means there."""
        self.ask(say("a", "@bob"))
        self.begin(welcome_to({"@bob": 12}))
        self.restart()
        self.begin(welcome_to({"@bob": 13}))
        self.assertEqual(self.for_whom(), ["@12"])

    def test_another_name(self) -> None:
        """The outbox has it, for who is shown it; and the id where it was not known."""
        self.begin()
        self.ask(say("a", "@bob"))
        self.talk.hear(
            wire.Opened(room="@bob", id=12, last=0),
            wire.Relabelled(room="@bob", id=12, new="@rob"),
        )
        (kept,) = self.outbox.load()
        assert isinstance(kept.request, ask.Say)
        self.assertEqual((kept.request.room, kept.talk), ("@rob", 12))

    def test_known_by_name_only(self) -> None:
        """It is refused, as the name may be another's; nothing else is."""
        self.ask(say("a", "@bob"), ask.SayTo(nick="bob", text="b"), say("c", None))
        self.ask(say("d"))
        self.restart()
        self.ask(say("e", "@bob"))
        outcomes = self.begin(welcome_to({"@bob": 12}))
        self.assertEqual(self.refusals(outcomes), ["no_nick"] * 3)
        self.assertEqual(self.sent(), [("d", 1), ("e", 2)])
        self.assertEqual(self.kept(), [("d", 1), ("e", 2)])

    def test_known_by_name_and_perhaps_stored(self) -> None:
        """It is asked for, under an id under which nothing can be written any more."""
        self.begin()
        self.ask(say("a", "@bob"), say("b", "@bob"))
        self.restart()
        outcomes = self.begin(welcome_to({"@bob": 12}, last_id=1))
        self.assertEqual(self.refusals(outcomes), ["no_nick"])
        self.assertEqual(self.sent(), [("a", 1)])
