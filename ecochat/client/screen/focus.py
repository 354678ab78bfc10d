"""Whether the terminal is before the person's eyes, as it tells itself."""

from collections.abc import Callable

from prompt_toolkit.input.ansi_escape_sequences import ANSI_SEQUENCES
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.keys import Keys

from ecochat.client.screen.hyperlinks import LinkOutput

_CAME, _WENT = Keys.F23, Keys.F24
"""Keys that no keyboard has stand for it: prompt_toolkit knows no name for these."""

ANSI_SEQUENCES |= {"\x1b[I": _CAME, "\x1b[O": _WENT}


class ScreenOutput(LinkOutput):
    """A terminal that is asked to tell when it gets and loses the focus (xterm's mode
    1004), as long as the whole screen is used. One that cannot tell has it always.

    Of the mouse it tells buttons and the wheel (mode 1000), not each movement, as
    prompt_toolkit asks it to (1003): nothing here makes use of that.
    """

    def enable_mouse_support(self) -> None:
        """See prompt_toolkit; 1015 and 1006 are other ways to write the same."""
        self.write_raw("\x1b[?1000h\x1b[?1015h\x1b[?1006h")

    def enter_alternate_screen(self) -> None:
        """See prompt_toolkit."""
        super().enter_alternate_screen()
        self.write_raw("\x1b[?1004h")

    def quit_alternate_screen(self) -> None:
        """See prompt_toolkit."""
        self.write_raw("\x1b[?1004l")
        super().quit_alternate_screen()


def bind_focus(bindings: KeyBindings, tell: Callable[[bool], None]) -> None:
    """Have somebody told whether the terminal has the focus, when that changes."""

    @bindings.add(_CAME)
    def _came(event: KeyPressEvent) -> None:
        tell(True)

    @bindings.add(_WENT)
    def _went(event: KeyPressEvent) -> None:
        tell(False)
