"""The screen: panes of the model, the line in which one writes, and when to draw."""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from prompt_toolkit.application import Application
from prompt_toolkit.buffer import Buffer
from prompt_toolkit.filters import Condition, is_searching
from prompt_toolkit.history import History
from prompt_toolkit.input import Input
from prompt_toolkit.key_binding import KeyBindings
from prompt_toolkit.layout import (
    BufferControl,
    ConditionalContainer,
    Dimension,
    Float,
    HSplit,
    Layout,
    VSplit,
    Window,
)
from prompt_toolkit.layout.menus import CompletionsMenu
from prompt_toolkit.layout.processors import BeforeInput
from prompt_toolkit.output import Output
from prompt_toolkit.styles import BaseStyle
from prompt_toolkit.widgets import SearchToolbar
from twisted.internet.defer import CancelledError, Deferred

from ecochat.client.lines import Fragments
from ecochat.client.safe import safe
from ecochat.client.screen import panes, rows
from ecochat.client.screen.drawing import is_quote
from ecochat.client.screen.entries import Entry, Kind
from ecochat.client.screen.finding import hits, reply_to
from ecochat.client.screen.graphemes import cut, one_line
from ecochat.client.screen.looking import Looking
from ecochat.client.screen.model import Model
from ecochat.client.screen.paint import Canvas, Pane, Row
from ecochat.client.screen.questions import Question, Questions
from ecochat.client.screen.sides import Sides
from ecochat.client.screen.switcher import Choice
from ecochat.client.screen.writing import Writing

PACE = 1 / 30
"""Seconds between two drawings that the model asks for; keys are drawn at once."""

SHARE = 2.0
"""Times as long as drawing took, everything else has before that is done again."""

ESCAPE = 0.05
"""Seconds in which what follows an Escape belongs to it: a terminal sends both at once,
and over a slow network still in one packet."""

WIDE = 100
"""Columns from which on the members are shown."""

ROOMS, MEMBERS = 18, 18
"""Columns of the rooms, and of the members."""


class Face:
    """Shows a model full screen, and takes keys and the mouse.

    It needs a running asyncio loop, which is Twisted's reactor too.

    :ivar writing: the line in which one writes.
    :ivar bindings: what keys do; see :mod:`ecochat.client.screen.keys`.
    :ivar questions: what is asked in its place.
    :ivar hint: what the status line says instead, until the next key.
    :ivar was_hinted: what it said until the present key.
    :param say: takes what is written.
    :param grant: does what the model wishes; see :mod:`ecochat.client.screen.wishes`.
    """

    def __init__(
        self,
        model: Model,
        say: Callable[[str], None],
        history: History,
        style: BaseStyle,
        grant: Callable[[Any], object] = lambda wish: None,
        input: Input | None = None,
        output: Output | None = None,
    ) -> None:
        self.model = model
        self.bindings = KeyBindings()
        self.hint = self.was_hinted = ""
        self.writing = Writing(model, say, history)
        self.questions = Questions(
            lambda: self._focus(self._answer), lambda: self._focus(self._input)
        )
        self._grant = grant
        self._due: asyncio.TimerHandle | None = None
        self._opening: asyncio.TimerHandle | None = None
        self._begun = self._drawn = self._took = 0.0
        self._is_over = False
        self._looking = Looking()
        self._sides = Sides(lambda nick: self._begin_to(f"/msg {nick} "))
        self._seen: list[tuple[Entry, Fragments]] = []
        self._search = SearchToolbar(
            text_if_not_searching="", backward_search_prompt="typed before: "
        )
        self._canvas = self._layout()
        self.app: Application[None] = Application(
            layout=Layout(self._canvas, self._input),
            style=style,
            include_default_pygments_style=False,
            key_bindings=self.bindings,
            full_screen=True,
            mouse_support=Condition(lambda: self.model.has_mouse),
            enable_page_navigation_bindings=False,
            terminal_size_polling_interval=None,
            before_render=self._before,
            after_render=self._after,
            input=input,
            output=output,
        )
        self.app.ttimeoutlen = self.app.timeoutlen = ESCAPE
        self.app.key_processor.before_key_press += self._pressed

    # What is drawn

    def _layout(self) -> Canvas:
        rooms = Pane(self._rooms, width=ROOMS, scroll=self._sides.scroll_rooms)
        members = Pane(self._members, width=MEMBERS, scroll=self._sides.scroll_members)
        log = Pane(self._log, scroll=self.scroll, is_bottom=True, click=self._clicked)
        title = Pane(self._title, "class:title", height=1)
        status = Pane(self._status, "class:status", height=1)
        body = HSplit(
            [
                title,
                VSplit(
                    [
                        self._side(rooms, panes.NARROW, is_left=True),
                        log,
                        self._side(members, WIDE, is_left=False),
                    ],
                    height=Dimension(),
                ),
                status,
                *self._lines(),
                self._search,
            ]
        )
        menu = CompletionsMenu(max_height=8, scroll_offset=1)
        return Canvas(body, Float(menu, xcursor=True, ycursor=True))

    def _side(self, column: Pane, least: int, **at: bool) -> ConditionalContainer:
        """Return a pane beside the log, with its line, where there is space for it."""
        line = Window(width=1, char="│", style="class:line")
        both = [column, line] if at["is_left"] else [line, column]
        is_wide = Condition(lambda: self.app.output.get_size().columns >= least)
        return ConditionalContainer(VSplit(both, height=Dimension()), is_wide)

    def _lines(self) -> tuple[ConditionalContainer, ConditionalContainer]:
        """Return the line in which one writes, and that of answers."""
        asks = Condition(lambda: self.questions.asked is not None)
        self._input = self._line(self.writing.buffer, self._prompt, True)
        self._answer = self._line(self.questions.answer, self._label, False)
        return (
            ConditionalContainer(self._input, ~asks),
            ConditionalContainer(self._answer, asks),
        )

    def _line(
        self, buffer: Buffer, before: Callable[[], Any], has_history: bool
    ) -> Window:
        search = self._search.control if has_history else None
        control = BufferControl(
            buffer,
            [BeforeInput(before)],
            search_buffer_control=search,
            preview_search=True,
        )
        return Window(
            control, height=self._input_height, wrap_lines=True, dont_extend_height=True
        )

    def _input_height(self) -> Dimension:
        most = max(1, self.app.output.get_size().rows // 3)
        return Dimension(min=1, max=most)

    def _prompt(self) -> Any:
        most = self.app.output.get_size().columns // 3
        nick = cut(one_line(self.model.nick), max(1, most))
        return [("class:own", nick), ("class:quiet", "> ")]

    def _label(self) -> Any:
        return [("class:question", self.questions.label)]

    def _title(self, width: int, height: int) -> Sequence[Row]:
        return [panes.title(self.model, width)]

    def _status(self, width: int, height: int) -> Sequence[Row]:
        if self.hint:
            return [[("class:hint", f" {self.hint}")]]
        if offered := self.questions.offered:
            return [[("class:hint", f" asked when you stop typing: {offered}")]]
        return [panes.status(self.model, width)]

    def _rooms(self, width: int, height: int) -> Sequence[Row]:
        return self._sides.rooms(self.model, width, height)

    def _members(self, width: int, height: int) -> Sequence[Row]:
        return self._sides.members(self.model, width, height)

    def _log(self, width: int, height: int) -> Sequence[Row]:
        self._looking.size = width, height
        if (picker := self.questions.picker) is not None:
            shown = picker.rows(width, height)
            return [*shown, *[[]] * (height - len(shown))]
        model, hit = self.model, self._looking.hit
        seen = rows.seen(model.room, width, height, model.nick, hit)
        self._seen = seen
        model.ask_quoted(model.room, [entry for entry, _ in seen])
        return [row for _, row in seen]

    def _clicked(self, at: int) -> None:
        """Go to what is answered where that was clicked; else begin an answer to the
        message in this row of the log, where nothing is written or asked yet."""
        entry, row = self._seen[at]
        if self.is_writing and is_quote(row):
            self._looking.follow(self.model, entry)
        else:
            self._begin_to(reply_to(entry))

    def _begin_to(self, text: str) -> None:
        if self.is_writing and not self.writing.text:
            self.writing.put(text)

    @property
    def height(self) -> int:
        """The rows of the log that are seen at one time."""
        return max(1, self._looking.size[1])

    def _pressed(self, processor: object) -> None:
        self.was_hinted, self.hint = self.hint, ""
        self.questions.pressed()
        self.writing.follow()  # of keys read together each goes where it belongs

    def show(self, model: Model) -> None:
        """Show another model from now on; what is written stays where its room is."""
        self.model = model
        self.writing.belong(model)
        self.changed()
        self.app.invalidate()

    # When it is drawn

    def changed(self) -> None:
        """Draw what has changed in the model, soon: at most 30 times a second, and
        leaving some time to everything else. Do what the model wishes."""
        for wish in self.model.take_wishes():
            self._grant(wish)
        if self.model.has_left:
            self.end()
        self.writing.follow()
        if self._looking.has_found(self.model, self.questions.picker is not None):
            self.show_hits()
        self._looking.scroll_on(self.model)
        if self._due is None and self.app.is_running:
            loop = asyncio.get_running_loop()
            wait = max(PACE, SHARE * self._took)
            self._due = loop.call_at(self._drawn + wait, self._draw)

    def _draw(self) -> None:
        self._due = None
        self.app.invalidate()

    def _before(self, app: Any) -> None:
        self._begun = asyncio.get_running_loop().time()
        self.writing.follow()
        self._looking.look(self.model.room)

    def _after(self, app: Any) -> None:
        self._canvas.drawn()
        self._drawn = asyncio.get_running_loop().time()
        self._took = self._drawn - self._begun

    # Its life

    async def converse(self) -> None:
        """Show the screen until the person leaves, :meth:`end` is called, or this is
        cancelled; the terminal is as it was before, then."""
        if self._is_over:
            return
        running = asyncio.ensure_future(self._run())
        try:
            await Deferred.fromFuture(asyncio.shield(running))
        except (CancelledError, asyncio.CancelledError):  # Twisted's, and asyncio's
            self.end()
            await Deferred.fromFuture(running)
        finally:
            self._is_over = True
            for handle in filter(None, (self._due, self._opening)):
                handle.cancel()

    async def _run(self) -> None:
        with contextlib.suppress(EOFError, OSError):  # the terminal is gone
            await self.app.run_async(pre_run=self._end_if_over)

    def _end_if_over(self) -> None:
        if self._is_over:
            self.app.exit()

    def end(self) -> None:
        """Make :meth:`converse` return."""
        self._is_over = True
        if self.app.is_running and not self.app.is_done:
            self.app.exit()

    # Going through the log

    def scroll(self, by: int) -> None:
        """Scroll by so many rows, up where it is negative; through a list, if one is
        shown. Older messages are asked for where there are no more."""
        if (picker := self.questions.picker) is not None:
            picker.move(by)
        else:
            self._looking.scroll(self.model, by)
        self.app.invalidate()

    def back(self) -> None:
        """Go back to where one was before one looked at what was found, to look at
        more of it; or to the end of the room."""
        self._looking.hit = None
        has_gone = self.model.has_gone
        if has_gone or self.model.search is not None:
            self.model.back()
            self.show_hits()
        else:
            self.model.to_end(self.model.room)

    def focus(self, has_focus: bool) -> None:
        """Take it that the terminal is before the person's eyes, or no longer."""
        self.model.has_focus = has_focus
        if has_focus:
            self.model.seen()

    # Questions

    def ask(self, question: Question) -> None:
        """Ask something; see :meth:`Questions.ask`."""
        self.questions.ask(question)

    def offer(self, question: Question) -> None:
        """Ask something that comes by itself, when nobody types; see
        :meth:`Questions.offer`."""
        self.questions.offer(question)
        self._open()

    def _open(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
        if left := self.questions.open():
            loop = asyncio.get_running_loop()
            self._opening = loop.call_later(left, self._open)
        self.app.invalidate()

    def reply(self) -> None:
        """Take the answer; tell what is wrong with it, where it is not taken."""
        if wrong := self.questions.reply():
            self.model.tell(safe(wrong), Kind.ERROR)
            self.changed()

    def choose(
        self,
        label: str,
        choices: Sequence[Choice],
        drop: Callable[[], object] = lambda: None,
    ) -> None:
        """Have one of these chosen."""
        self.questions.choose(label, choices, drop)

    def show_hits(self) -> None:
        """Show what was searched for and found, if anything was."""
        model, found = self.model, self.model.search
        if found is not None:
            go = partial(self._looking.go_to, model)
            chosen = found.chosen
            listed = hits(found, go, model.beside, model.find_more)
            self.choose(*listed, model.close_search)
            if self.questions.picker is not None:
                self.questions.picker.move(chosen)

    def _focus(self, window: Window) -> None:
        self.app.layout.focus(window)
        self.app.invalidate()

    @property
    def is_writing(self) -> bool:
        """Whether keys go to the line in which one writes."""
        return self.questions.asked is None and not is_searching()
