"""The keyboard of a terminal."""

from contextlib import AbstractContextManager, nullcontext

from prompt_toolkit.input.vt100 import Vt100Input


class Keyboard(Vt100Input):
    """Stays raw while lines are shown above the prompt.

    Otherwise the terminal would itself take what is typed at that moment: echo it, or
    swallow a Ctrl-C or Ctrl-D.
    """

    def cooked_mode(self) -> AbstractContextManager[None]:
        """Change nothing."""
        return nullcontext()
