"""The hub: proposals are put in order, applied in groups, then final or taken back.

The cycle is propose, apply, then commit or fail. Between apply and the end of its
commit there is one group at most; what is proposed meanwhile waits unapplied.
"""

import traceback
from collections.abc import Iterable

import msgspec

from ecochat.core import talks
from ecochat.core.entities import Room, Session
from ecochat.core.errors import Refused
from ecochat.core.facts import Facts
from ecochat.core.items import Failed, Item, NotOpened, Refusal, SessionClosed
from ecochat.core.limits import Limits
from ecochat.core.names import fold
from ecochat.core.records import Batch, KeptSession, Loaded, records_of
from ecochat.core.requests import Informed, Open, Request, Say, SayAll
from ecochat.core.rules import FINAL, Rules
from ecochat.core.sessions import key_of
from ecochat.core.state import State


class Proposal(msgspec.Struct, frozen=True, gc=False):
    """A request in the order.

    :param origin: the connection that it came over, a number of the network's.
    :param time: when, in milliseconds since 1970 (UTC).
    """

    origin: int
    time: int
    request: Request

    @property
    def count(self) -> int:
        """How many requests it stands for, each of which is answered."""
        request = self.request
        return len(request.texts) if type(request) is SayAll else 1


class Group:
    """Proposals that are applied and stored together.

    :ivar batch: what has to be stored before anyone is told; may be empty.
    """

    def __init__(
        self, proposals: list[Proposal], items: list[Item], batch: Batch
    ) -> None:
        self.proposals = proposals
        self.items = items
        self.batch = batch


class Hub:
    """A deterministic state machine: the same calls give the same state and items.

    :ivar waiting: how many requests are not applied yet.
    :ivar waiting_text: how many code points there are in what is not applied yet.
    :param limits: what the operator has set.
    :param loaded: what the store holds.
    :param facts: what the server says of itself.
    """

    def __init__(
        self,
        limits: Limits,
        loaded: Loaded | None = None,
        facts: Facts | None = None,
    ) -> None:
        self._state = State()
        self._rules = Rules(self._state, limits, facts or Facts())
        self._waiting: list[Proposal] = []
        self.waiting = 0
        self.waiting_text = 0
        self._group: Group | None = None
        self._unstored: list[Item] = []
        self._restore(loaded or Loaded())

    def _restore(self, loaded: Loaded) -> None:
        state = self._state
        state.last_session, state.seq = loaded.last_session, loaded.seq
        state.last_room, state.last_key = loaded.last_room, loaded.last_key
        for r in loaded.rooms:
            room = Room(r.id, r.name, r.key, r.first, r.last, r.topic)
            state.restore_room(room)
        for kept in loaded.sessions:
            self._restore_session(kept)
        state.keep()

    def _restore_session(self, kept: KeptSession) -> None:
        """Take up a session as one that is away, and its private rooms."""
        state = self._state
        rooms = [state.by_id[room] for room in kept.rooms]
        session = state.restore_session(
            kept.session, kept.nick, fold(kept.nick), key_of(kept.key), rooms
        )
        for talk in talks.kept(kept.key):
            room = state.find_talk(session, talk)
            if room is not None:
                state.enter(session, room)
        state.go_away(session, state.seq)

    @property
    def rooms(self) -> Iterable[Room]:
        """All rooms that are here."""
        return self._state.by_id.values()

    @property
    def away(self) -> Iterable[Session]:
        """The sessions that have no connection."""
        return self._state.away.values()

    @property
    def last_room(self) -> int:
        """The highest id of any room."""
        return self._state.last_room

    @property
    def busy(self) -> bool:
        """Whether a group is between apply and the end of its commit."""
        return self._group is not None

    @property
    def has_unstored(self) -> bool:
        """Whether departures of failed groups still have to be stored."""
        return bool(self._unstored)

    def propose(self, origin: int, time: int, request: Request, size: int = 0) -> None:
        """Put a request behind all that were proposed before it.

        :param size: how many code points it may hold, also of what will be refused.
        """
        proposal = Proposal(origin, time, request)
        self._waiting.append(proposal)
        self.waiting += proposal.count
        self.waiting_text += size

    def apply(self) -> Group:
        """Apply all that waits, as one group; :meth:`commit` or :meth:`fail` ends it.

        :raises RuntimeError: when the group before it is not ended.
        """
        if self._group is not None:
            raise RuntimeError("one group at most is between apply and commit")
        proposals, self._waiting = self._waiting, []
        self.waiting = self.waiting_text = 0
        for proposal in proposals:
            if type(proposal.request) is SayAll:
                self._apply_all(proposal, proposal.request)
            else:
                self._apply_one(proposal)
        items = self._take_items()
        batch = records_of(self._unstored + items)
        self._group = Group(proposals, items, batch)
        return self._group

    def commit(self) -> list[Item]:
        """Make the group final, now that it is stored; return what is to be told."""
        group = self._end_group()
        self._state.keep()
        self._unstored.clear()
        return group.items

    def fail(self, reason: str) -> list[Item]:
        """Take the group back, since it could not be stored; return what is to be told.

        Departures stay: who is gone, or thrown out, is gone. Questions are answered
        anew, from the state that is left. Everything else is refused with the reason.

        :param reason: why it could not be stored, for people.
        """
        group = self._end_group()
        self._state.undo()
        self._rules.not_open = f"not stored: {reason}"
        for proposal in group.proposals:
            if type(proposal.request) in FINAL:
                self._apply_one(proposal)
            else:
                for _ in range(proposal.count):
                    self._refuse(proposal)
        self._state.keep()
        items = self._take_items()
        self._unstored += [item for item in items if type(item) is SessionClosed]
        return items

    def _refuse(self, proposal: Proposal) -> None:
        request = proposal.request
        if isinstance(request, Informed):
            request = request.request
        refusal = Refusal("not_stored", self._rules.not_open)
        if isinstance(request, Open) and not request.asked:
            text = "your session begins as soon as it can be stored"
            refusal = NotOpened("not_stored", f"{refusal.text}; {text}")
        self._rules.answer(proposal.origin, request, refusal)

    def _end_group(self) -> Group:
        if self._group is None:
            raise RuntimeError("there is no group to end")
        group, self._group = self._group, None
        return group

    def _take_items(self) -> list[Item]:
        items, self._rules.items = self._rules.items, []
        return items

    def _apply_all(self, proposal: Proposal, request: SayAll) -> None:
        """Say all at once; where something stands in the way, each by itself."""
        origin, time = proposal.origin, proposal.time
        if not self._rules.say_all(origin, time, request):
            for text in request.texts:
                self._apply_one(Proposal(origin, time, Say(text)))

    def _apply_one(self, proposal: Proposal) -> None:
        mark, count = self._state.mark(), len(self._rules.items)
        try:
            self._rules.apply(proposal.origin, proposal.time, proposal.request)
            return
        except Refused as refused:
            body: Refusal | Failed = Refusal(refused.code, refused.text, refused.path)
        except Exception:
            body = Failed(traceback.format_exc())
        self._state.undo(mark)
        del self._rules.items[count:]
        self._rules.reply(body)
