"""Standard output as commands use it: colours in a terminal (not under NO_COLOR), plain whole lines in a pipe."""

from rich.console import Console
from rich.text import Text


def open_terminal() -> Console:
    """Standard output: no markup, no guessing of what to highlight."""
    return Console(highlight=False, markup=False, emoji=False)


def write(terminal: Console, text: Text | str = "") -> None:
    """Print text; a long line is the terminal's to wrap, never cut or padded."""
    terminal.print(text, soft_wrap=True)


def printable(text: str) -> str:
    """Text from elsewhere with what could steer a terminal written as escapes."""
    return "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
