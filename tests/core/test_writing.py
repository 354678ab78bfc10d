"""What is written: messages, what changes them, and what is never stored."""

from ecochat.core import items as i
from ecochat.core import limits
from ecochat.core import requests as r
from ecochat.core.records import records_of
from tests.core.played import (
    ALICE,
    BOB,
    HubTestCase,
    Played,
    bodies,
    events,
    hello,
    notes,
    whole,
)

ONE, TWO = 11, 12
"""Connections of programs."""


class WritingTestCase(HubTestCase):
    """With alice and bob, who have no key, and carol and dave, who have one."""

    def setUp(self) -> None:
        """Let alice, carol and dave write a message each."""
        super().setUp()
        self.welcome(ONE, hello("c", "carol"))
        self.welcome(TWO, hello("d", "dave"))
        self.played.commit(
            (ALICE, r.Say("1")), (ONE, r.Say("2", id=1)), (TWO, r.Say("3", id=1))
        )

    def stored(self, origin: int, request: r.Request) -> list[i.Item]:
        """Play what has to be stored, and return the items."""
        items = self.played.play(origin, request)
        self.assertEqual(len(events(items)), 1, items)
        return items

    def text(self, n: int, room: int = 1) -> str:
        """Return what the store has of an event now."""
        [event] = self.played.store.page(room, n - 1, n, 1)
        return event.text


class SayTests(WritingTestCase):
    """Messages."""

    def test_in_a_room_that_one_is_not_in(self) -> None:
        """It takes the right to write there, which everyone has, not to be in it."""
        self.played.commit((BOB, r.Join("lab")))
        items = self.stored(ONE, r.Say("hi", "LAB", id=2))
        self.assertEqual(bodies(items), [i.Stored(2, "lab", 1, 2)])
        self.assertEqual(notes(items), [])
        self.assertNotIn(2, self.played.session(ONE).rooms)

    def test_in_a_room_that_is_not_there(self) -> None:
        """It is made, as by one who joins it, and nobody is in it."""
        items = self.stored(ONE, r.Say("hi", "New", id=2))
        self.assertEqual([x.name for x in records_of(items).rooms], ["New"])
        self.assertEqual(bodies(items), [i.Stored(2, "New", 1, 2)])
        self.assertEqual(self.played.hub._state.rooms["new"].members, [])
        self.patch(limits, "ROOMS", 2)
        self.assertEqual(self.refused(ONE, r.Say("hi", "b"))[0], "too_many")
        self.assertEqual(self.refused(ONE, r.SetTopic("hi", "b"))[0], "too_many")

    def test_several_at_once(self) -> None:
        """They are what they would be one by one; what is wrong is refused alone."""
        for texts in (["a", "b"], ["a", " ", "b"], ["a", "b" * 5], ["", "a"]):
            at_once = Played(message=4)
            one_by_one = Played(message=4)
            for played in (at_once, one_by_one):
                played.commit((ALICE, r.Open()))
            self.assertEqual(
                at_once.commit((ALICE, r.SayAll(texts))),
                one_by_one.commit(*((ALICE, r.Say(text)) for text in texts)),
            )
            self.assertEqual(whole(at_once.hub), whole(one_by_one.hub))

    def test_several_at_once_in_private(self) -> None:
        """The other one hears them who has left, or is gone, as of one by one."""
        texts = ["a", "b"]
        for end in (r.Ping(), r.Leave("@guest-1"), r.Depart()):
            at_once, one_by_one = Played(), Played()
            for played in (at_once, one_by_one):
                played.commit((ALICE, r.Open()), (BOB, r.Open()))
                played.commit((ALICE, r.Say("psst", "@guest-2")))
                played.commit((ALICE, r.Join("@guest-2")), (BOB, end))
            self.assertEqual(
                at_once.commit((ALICE, r.SayAll(texts))),
                one_by_one.commit(*((ALICE, r.Say(text)) for text in texts)),
            )
            self.assertEqual(whole(at_once.hub), whole(one_by_one.hub))

    def test_several_at_once_that_cannot_be_stored(self) -> None:
        """Each is refused, and counts until then."""
        self.played.propose((ALICE, r.SayAll(["a", "b"])), (ALICE, r.Ping()))
        self.assertEqual(self.played.hub.waiting, 3)
        replies = bodies(self.played.fail(), ALICE)
        self.assertEqual(self.played.hub.waiting, 0)
        refused = [x.code for x in replies if isinstance(x, i.Refusal)]
        self.assertEqual(refused, ["not_stored"] * 2)
        self.assertEqual(events(self.played.commit((ALICE, r.Say("c"))))[0][1], 4)

    def test_an_answer(self) -> None:
        """It names the message that it answers, which has to be there."""
        items = self.stored(ONE, r.Say("yes", reply_to=3, id=2))
        self.assertEqual([x.target for x in items if isinstance(x, i.Event)], [3])
        text = "there is no message 5 in lobby"
        self.assertEqual(
            self.refused(ONE, r.Say("yes", reply_to=5)), ("no_message", text)
        )

    def test_nothing(self) -> None:
        """A message has something in it."""
        for text in ("", " ", "\n\t"):
            refusal = ("bad_text", "a message cannot be empty, not sent")
            for request in (r.Say(text), r.Me(text)):
                self.assertEqual(self.refused(ONE, request), refusal)

    def test_to_one_person_and_what_one_does(self) -> None:
        """Both are messages; each answer has the ref of what was asked."""
        for request, told in (
            (r.SayTo("dave", "hi", id=2, ref="x"), (2, 1, "carol", "hi")),
            (r.Me("waves", id=3, ref="x"), (1, 4, "carol", "/me waves")),
        ):
            items = self.stored(ONE, request)
            self.assertEqual(events(items), [told])
            refs = {x.ref for x in items if isinstance(x, i.Reply) if x.is_answer}
            self.assertEqual(refs, {"x"})
        [reply] = self.played.commit((ONE, r.SayTo("x", "", ref="y")))
        assert isinstance(reply, i.Reply)
        self.assertEqual(reply.ref, "y")

    def test_a_topic(self) -> None:
        """It is stored under an id, and may be empty."""
        items = self.stored(ONE, r.SetTopic("news", id=2))
        self.assertEqual([x.kind for x in items if isinstance(x, i.Event)], ["topic"])
        self.stored(ONE, r.SetTopic("", id=3))
        self.assertEqual(self.played.answer(ONE, r.GetTopic()), i.Topic("lobby", ""))


class EditTests(WritingTestCase):
    """Other texts for messages, and none."""

    def test_ones_own(self) -> None:
        """It is an event of its own, and a change of the message's text for good."""
        for request, kind, text in (
            (r.Edit(2, "two", id=2, ref="x"), "edit", "two"),
            (r.Delete(2, id=3, ref="x"), "delete", ""),
        ):
            items = self.stored(ONE, request)
            [reply, event, changed] = items
            assert isinstance(reply, i.Reply)
            assert isinstance(event, i.Event)
            n = event.n
            stored = i.Stored(1, "lobby", n, n - 2)
            self.assertEqual((reply.body, reply.ref), (stored, "x"))
            self.assertEqual((event.kind, event.text, event.target), (kind, text, 2))
            self.assertEqual(changed, i.Changed(changed.seq, 1, 2, n, text))
            self.assertEqual(records_of(items).changes, [changed])
            self.assertEqual(self.text(2), text)

    def test_by_the_key_also_later(self) -> None:
        """Another session of the same key may; after a restart, too."""
        self.played.commit((ONE, r.Depart()))
        self.welcome(ONE, hello("c"))
        self.stored(ONE, r.Edit(2, "two"))
        self.played = self.played.restart()
        self.welcome(ONE, hello("c"))
        self.stored(ONE, r.Edit(2, "zwei"))
        self.assertEqual(self.text(2), "zwei")

    def test_by_the_session(self) -> None:
        """Who has no key may as long as the session lasts; who takes the name may
        not."""
        self.stored(ALICE, r.Edit(1, "one"))
        self.played.commit((ALICE, r.Depart()), (BOB, r.SetNick("alice")))
        refusal = ("not_allowed", "message 1 is not yours to edit")
        self.assertEqual(self.refused(BOB, r.Edit(1, "x")), refusal)

    def test_somebody_elses(self) -> None:
        """It is refused, and changes nothing; a program without a key is none of
        those that have none."""
        self.welcome(13, hello(None))
        before = whole(self.played.hub)
        for origin, n in ((ONE, 1), (ONE, 3), (TWO, 2), (BOB, 1), (BOB, 2), (13, 1)):
            refusal = ("not_allowed", f"message {n} is not yours to delete")
            self.assertEqual(self.refused(origin, r.Delete(n)), refusal)
            self.assertEqual(whole(self.played.hub), before)

    def test_an_operator(self) -> None:
        """May change any."""
        self.played.session(BOB).operator = True
        self.stored(BOB, r.Edit(1, "one"))
        self.stored(BOB, r.Delete(2))
        self.assertEqual((self.text(1), self.text(2)), ("one", ""))

    def test_what_is_no_message(self) -> None:
        """A number that there is not, an edit, a topic, what was deleted."""
        self.stored(ONE, r.Edit(2, "two"))
        self.stored(ONE, r.SetTopic("news"))
        self.stored(ONE, r.Delete(2))
        for n, text in (
            (0, "there is no message 0 in lobby"),
            (7, "there is no message 7 in lobby"),
            (4, "4 of lobby is not a message"),
            (5, "5 of lobby is not a message"),
            (2, "message 2 of lobby is deleted"),
        ):
            for request in (r.Edit(n, "x"), r.Delete(n), r.React(n, "x")):
                self.assertEqual(self.refused(ONE, request), ("no_message", text))

    def test_wrong_texts(self) -> None:
        """The limits are those of messages; nothing is asked of the store for them."""
        played = Played(message=3)
        played.commit((ALICE, r.Open()), (ALICE, r.Say("abc")))
        for text, code in (("", "bad_text"), (" ", "bad_text"), ("four", "too_long")):
            body = played.answer(ALICE, r.Edit(1, text))
            assert isinstance(body, i.Refusal)
            self.assertEqual((body.code, body.text[-11:]), (code, "not changed"))

    def test_what_has_expired(self) -> None:
        """It is not there, also when it expires while the store is asked."""
        [missing] = bodies(self.played.commit((ONE, r.Delete(2))))
        assert isinstance(missing, i.Missing)
        informed = self.played.informed(missing)
        self.played.commit((0, r.Expire(1, 2)))
        refusal = i.Refusal("no_message", "there is no message 2 in lobby")
        self.assertEqual(self.played.answer(ONE, informed), refusal)
        self.assertEqual(self.played.answer(ONE, r.Delete(2)), refusal)

    def test_what_the_store_has_lost(self) -> None:
        """It is none, where it is not found."""
        [missing] = bodies(self.played.commit((ONE, r.Delete(2))))
        assert isinstance(missing, i.Missing)
        informed = r.Informed(missing.request, None, missing.as_of)
        refusal = i.Refusal("no_message", "2 of lobby is not a message")
        self.assertEqual(self.played.answer(ONE, informed), refusal)

    def test_a_stale_answer_is_asked_for_again(self) -> None:
        """What was changed since the store was asked is looked at again."""
        self.played.session(BOB).operator = True
        [missing] = bodies(self.played.commit((ONE, r.Edit(2, "late", ref="x"))))
        assert isinstance(missing, i.Missing)
        informed = self.played.informed(missing)
        self.stored(BOB, r.Delete(2))
        [again] = bodies(self.played.commit((ONE, informed)))
        assert isinstance(again, i.Missing)
        self.assertEqual(again.request, missing.request)
        refusal = i.Refusal("no_message", "message 2 of lobby is deleted")
        items = self.played.commit((ONE, self.played.informed(again)))
        [reply] = [x for x in items if isinstance(x, i.Reply)]
        self.assertEqual((reply.body, reply.ref), (refusal, "x"))

    def test_what_changed_before_is_not_stale(self) -> None:
        """Only what came behind the question is."""
        self.stored(ONE, r.Edit(2, "two"))
        self.stored(ONE, r.Edit(2, "zwei"))
        self.assertEqual(self.text(2), "zwei")

    def test_a_failed_group(self) -> None:
        """Nothing has changed, and it can be done again."""
        [missing] = bodies(self.played.commit((ONE, r.Edit(2, "two", id=2, ref="x"))))
        assert isinstance(missing, i.Missing)
        informed = self.played.informed(missing)
        before = whole(self.played.hub)
        items = self.played.fail((ONE, informed))
        [reply] = items
        assert isinstance(reply, i.Reply)
        self.assertEqual((type(reply.body), reply.ref), (i.Refusal, "x"))
        self.assertEqual(whole(self.played.hub), before)
        self.stored(ONE, r.Edit(2, "two", id=2))

    def test_asking_the_store_changes_nothing(self) -> None:
        """Nobody hears a private room for what may be refused: it is entered when it
        is written in."""
        self.played.commit((ONE, r.SayTo("dave", "hi")), (TWO, r.Leave("@carol")))
        before = whole(self.played.hub)
        for request in (r.Edit(1, "x", "@dave"), r.React(1, "x", "@dave")):
            self.assertEqual(len(self.played.commit((ONE, request))), 1)
            self.assertEqual(whole(self.played.hub), before)
        self.assertEqual(self.refused(TWO, r.Edit(1, "x", "@carol"))[0], "not_allowed")
        self.assertEqual(whole(self.played.hub), before)
        items = self.stored(ONE, r.Edit(1, "hello", "@dave"))
        self.assertEqual(bodies(items, TWO), [i.Opened(2, "@carol", 1)])

    def test_with_nobody_to_read_it(self) -> None:
        """What was written to one who is gone stays as it is."""
        self.played.commit((ONE, r.SayTo("bob", "hi")), (BOB, r.Depart()))
        for request in (r.Delete(1, "@bob"), r.React(1, "x", "@bob")):
            self.assertEqual(self.refused(ONE, request)[0], "no_nick")


class ReactTests(WritingTestCase):
    """Signs."""

    def test_by_anyone(self) -> None:
        """It is an event of its own that names the message, and so is taking back."""
        for origin, request, kind in (
            (BOB, r.React(2, "👍"), "react"),
            (ONE, r.React(2, "👍", id=2), "react"),
            (ONE, r.React(2, "👍", remove=True, id=3), "unreact"),
        ):
            items = self.stored(origin, request)
            [event] = [x for x in items if isinstance(x, i.Event)]
            self.assertEqual((event.kind, event.text, event.target), (kind, "👍", 2))
        self.assertEqual(self.text(2), "2")

    def test_wrong_ones(self) -> None:
        """Something short."""
        for sign, refusal in (
            ("", ("bad_text", "a reaction is one word or sign, without blanks")),
            (" ", ("bad_text", "a reaction is one word or sign, without blanks")),
            ("a b", ("bad_text", "a reaction is one word or sign, without blanks")),
            ("x" * 33, ("too_long", "reaction longer than 32 characters, not sent")),
        ):
            self.assertEqual(self.refused(ONE, r.React(2, sign)), refusal)


class TypingTests(WritingTestCase):
    """That someone writes is passed on."""

    def test_in_a_room(self) -> None:
        """It is told, and stored nowhere."""
        items = self.played.commit((ONE, r.Typing(ref="x")))
        [note, reply] = items
        assert isinstance(reply, i.Reply)
        self.assertEqual((reply.body, reply.ref), (i.Done(), "x"))
        self.assertEqual(note, i.Note(note.seq, 1, 3, "typing", "carol"))
        self.assertFalse(records_of(items))
        self.assertEqual(self.refused(ONE, r.Typing("nowhere"))[0], "no_room")

    def test_in_private(self) -> None:
        """The two hear it, and none else."""
        self.played.commit((ONE, r.SayTo("dave", "hi")))
        [note, _] = self.played.commit((ONE, r.Typing("@dave")))
        heard = self.played.ears.heard
        self.assertEqual(note, i.Note(note.seq, 2, 3, "typing", "carol"))
        self.assertIn(note, heard[TWO])
        self.assertNotIn(note, heard[ALICE])
        self.assertEqual(self.refused(ONE, r.Typing("@bob"))[0], "no_room")


class ReadTests(WritingTestCase):
    """How far one has read."""

    def test_it_is_kept_for_the_key(self) -> None:
        """The last one wins; nobody else is told."""
        for n, kept in ((2, 2), (1, 1), (99, 3)):
            items = self.played.commit((ONE, r.Read(n, ref="x")))
            [mark, reply] = items
            assert isinstance(reply, i.Reply)
            self.assertEqual((reply.body, reply.ref), (i.Done(), "x"))
            self.assertEqual(mark, i.ReadMarked(mark.seq, 1, 1, kept))
            self.assertEqual(records_of(items).read, [mark])
            record = self.played.store.key(b"c" * 32)
            assert record is not None
            self.assertEqual(record.read, {1: kept})
        joined = self.played.answer(ONE, r.Join("lobby"))
        assert isinstance(joined, i.Entered)
        self.assertEqual(joined.read, 3)
        other = self.played.answer(TWO, r.Join("lobby"))
        assert isinstance(other, i.Entered)
        self.assertEqual(other.read, 0)

    def test_after_coming_back_and_a_restart(self) -> None:
        """It is told with the room, whether one is in it or not."""
        self.played.commit((ONE, r.Read(2)), (ONE, r.Leave()), (ONE, r.Drop("lost")))
        welcome = self.welcome(ONE, hello("c", rooms={"lobby": 3}))
        self.assertEqual([x.read for x in welcome.rooms], [2])
        self.played = self.played.restart()
        self.assertEqual([x.read for x in self.welcome(ONE, hello("c")).rooms], [2])

    def test_without_a_key(self) -> None:
        """There is nothing that it could be kept for."""
        self.welcome(13, hello(None))
        for origin in (13, ALICE):
            self.assertEqual(self.refused(origin, r.Read(1))[0], "no_key")

    def test_a_failed_group(self) -> None:
        """It is where it was."""
        self.played.commit((ONE, r.Read(1)))
        before = whole(self.played.hub)
        self.played.fail((ONE, r.Read(3)), (ONE, r.Join("lab")), (ONE, r.Read(0)))
        self.assertEqual(whole(self.played.hub), before)


class ExpireTests(WritingTestCase):
    """Old events are forgotten for good."""

    def test_of_a_room(self) -> None:
        """They are not read any more; numbers go on; the first never goes back."""
        for upto, first in ((2, 3), (1, 3), (99, 4), (0, 4)):
            items = self.played.commit((0, r.Expire(1, upto)))
            self.assertEqual(items, [i.RoomExpired(items[0].seq, 1, first - 1)])
            self.assertEqual(self.played.hub._state.rooms["lobby"].first, first)
            asked = self.played.answer(ONE, r.History(after=0))
            assert isinstance(asked, i.LogRange)
            self.assertEqual(asked.after, first - 1)
        self.assertEqual(events(self.stored(ONE, r.Say("4")))[0][1], 4)

    def test_of_a_room_that_nobody_has_here(self) -> None:
        """It is done in the store all the same."""
        self.played.commit((ONE, r.SayTo("dave", "hi")))
        self.played.commit((ONE, r.Depart()), (TWO, r.Depart()))
        items = self.played.commit((0, r.Expire(2, 1)))
        self.assertEqual(items, [i.RoomExpired(items[0].seq, 2, 1)])
        self.assertEqual(self.played.store.oldest(2), 2)

    def test_a_failed_group(self) -> None:
        """They are there as before, and nobody is told."""
        before = whole(self.played.hub)
        items = self.played.fail((0, r.Expire(1, 2)))
        self.assertEqual([x.origin for x in items if isinstance(x, i.Reply)], [0])
        self.assertEqual(len(items), 1)
        self.assertEqual(whole(self.played.hub), before)
