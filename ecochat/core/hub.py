"""The hub: proposals are put in order, applied in groups, then final or taken back.

The cycle is propose, apply, then commit or fail. Between apply and the end of its
commit there is one group at most; what is proposed meanwhile waits unapplied.
"""

import traceback

import msgspec

from ecochat.core.errors import Refused
from ecochat.core.facts import Facts
from ecochat.core.items import Failed, Item, NotOpened, Refusal, SessionClosed
from ecochat.core.limits import Limits
from ecochat.core.records import Batch, Loaded, records_of
from ecochat.core.requests import Open, Request
from ecochat.core.rules import FINAL, Rules
from ecochat.core.state import Room, State


class Proposal(msgspec.Struct, frozen=True, gc=False):
    """A request in the order.

    :param origin: the connection that it came over, a number of the network's.
    :param time: when, in milliseconds since 1970 (UTC).
    """

    origin: int
    time: int
    request: Request


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
        self.waiting_text = 0
        self._group: Group | None = None
        self._unstored: list[Item] = []
        self._restore(loaded or Loaded())

    def _restore(self, loaded: Loaded) -> None:
        state = self._state
        for r in loaded.rooms:
            state.rooms[r.key] = Room(r.id, r.name, r.key, r.first, r.last, r.topic)
        state.last_session, state.seq = loaded.last_session, loaded.seq
        state.last_room = loaded.last_room

    @property
    def waiting(self) -> int:
        """How many proposals are not applied yet."""
        return len(self._waiting)

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
        self._waiting.append(Proposal(origin, time, request))
        self.waiting_text += size

    def apply(self) -> Group:
        """Apply all that waits, as one group; :meth:`commit` or :meth:`fail` ends it.

        :raises RuntimeError: when the group before it is not ended.
        """
        if self._group is not None:
            raise RuntimeError("one group at most is between apply and commit")
        proposals, self._waiting = self._waiting, []
        self.waiting_text = 0
        for proposal in proposals:
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
                refusal = self._refusal(proposal)
                self._rules.tell(proposal.origin, refusal, is_answer=True)
        self._state.keep()
        items = self._take_items()
        self._unstored += [item for item in items if type(item) is SessionClosed]
        return items

    def _refusal(self, proposal: Proposal) -> Refusal:
        text = self._rules.not_open
        if type(proposal.request) is Open:
            text += "; your session begins as soon as it can be stored"
            return NotOpened("not_stored", text)
        return Refusal("not_stored", text)

    def _end_group(self) -> Group:
        if self._group is None:
            raise RuntimeError("there is no group to end")
        group, self._group = self._group, None
        return group

    def _take_items(self) -> list[Item]:
        items, self._rules.items = self._rules.items, []
        return items

    def _apply_one(self, proposal: Proposal) -> None:
        mark, count = self._state.mark(), len(self._rules.items)
        try:
            self._rules.apply(proposal.origin, proposal.time, proposal.request)
            return
        except Refused as refused:
            body: Refusal | Failed = Refusal(refused.code, refused.text)
        except Exception:
            body = Failed(traceback.format_exc())
        self._state.undo(mark)
        del self._rules.items[count:]
        self._rules.reply(body)
