"""Questions and reports in a terminal, through a pipe or in a notebook."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, TextIO, TypeVar

import click

from colorizer.conversation.conversation import Explanation, MissingAnswer
from colorizer.conversation.question import WrongAnswer, with_default
from colorizer.errors import Interrupted, shown
from colorizer.progress import Pace, Progress, clock_time

if TYPE_CHECKING:
    from rich.console import Console as RichConsole


Answer = TypeVar("Answer")
_INDENT = re.compile(r"(?:  \d+  | *)")
ENDING = tuple(getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name))
"""Signals with which the system asks a program to end; Windows has no SIGHUP."""
_PURPLE = 129
"""One of the 256 colors that terminals share; the eight basic ones have magenta, but no purple."""


class Console:
    """Asks in purple, informs in cyan, and warns in red; plain text if colors are unsupported or unwanted.

    Sentences are printed by click, which is already loaded for the flags. rich loads more slowly, so it is imported
    with the first progress bar or table.
    """

    def __init__(self, source: TextIO | None = None, target: TextIO | None = None, is_quiet: bool = False):
        self._source, self._target = source, target
        self.is_quiet = is_quiet
        """Whether only warnings and questions are printed."""
        self.records: TextIO | None = None
        """Receives a line of JSON for each finished photo."""
        self.aliases: dict[str, str] = {}
        """Words that are printed in place of paths."""
        self.is_silent = False
        """Whether output is suppressed until the next question because it has already been printed."""

    def inform(self, message: str) -> None:
        if not self.is_quiet:
            self._tell(shown(message), "cyan")

    def warn(self, message: str) -> None:
        self._tell(shown(message), "red")

    def show(self, text: str) -> None:
        """Print a longer text, such as a summary, in the default color."""
        if not self.is_quiet:
            self._tell(text)

    def record(self, path: Path, result: Path | None, error: str | None) -> None:
        """Write a line of JSON about a finished photo, if that is wanted."""
        if self.records is None:
            return
        line = {"path": "-" if str(path) in self.aliases else str(path), "result": None, "error": None}
        if result is not None:
            line["result"] = str(result)
        if error is not None:
            line["error"] = self.renamed(error)
        self.records.write(json.dumps(line) + "\n")
        self.records.flush()

    def renamed(self, text: str) -> str:
        """Return a text in which paths that the user does not know are replaced."""
        for path, name in self.aliases.items():
            text = text.replace(shown(path), name)
        return text

    def ask(self, prompt: str, flag: str, parse: Callable[[str], Answer], default: str | None = None) -> Answer:
        """Ask until `parse` accepts the answer; Enter takes the default. Raises MissingAnswer at the end of input."""
        self.is_silent = False
        question = with_default(prompt, None if default is None else shown(default))
        while True:
            self._tell(question, _PURPLE)
            try:
                typed = self._read()
            except EOFError as error:
                raise MissingAnswer(
                    f'No answer to "{prompt.splitlines()[0]}" and no more input: give it with {flag}, '
                    "or take every default with --yes."
                ) from error
            try:
                return parse(typed.strip() or default or "")
            except Explanation as explanation:
                self.inform(str(explanation))
            except WrongAnswer as error:
                self.warn(str(error))

    @contextmanager
    def progress(self, description: str, unit: str) -> Iterator[Progress]:
        """Show a progress bar with percentage, rate and time left; yields the callable that updates it.

        Without a `unit`, no rate is shown.
        """
        if self.is_quiet:
            yield lambda *_, **__: None
            return
        from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

        pace = Pace()
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.fields[rate]}"),
            TextColumn("{task.fields[left]}"),
        )
        with Progress(*columns, console=self._rich()) as bar:
            task = bar.add_task(description, total=None, rate="", left="")

            def move(done: int, total: int, now: str = description) -> None:
                pace.move(done, total)
                rate = rate_in_words(pace.rate, unit) if unit and pace.rate else ""
                left = f"{clock_time(pace.remaining)} left" if pace.remaining else ""
                bar.update(task, completed=done, total=total, description=now, rate=rate, left=left)

            yield move

    @contextmanager
    def patience(self, message: str) -> Iterator[Callable[[], bool]]:
        """Print `message` at the first Ctrl-C, or request to terminate, instead of raising an exception.

        Yields a callable that returns whether this has happened. The second Ctrl-C raises KeyboardInterrupt as usual.
        """
        if threading.current_thread() is not threading.main_thread():  # only the main thread receives signals
            yield lambda: False
            return
        presses = 0
        to_say: SimpleQueue[bool] = SimpleQueue()  # a queue whose `put` is reentrant

        def hear(number, frame):
            nonlocal presses
            presses += 1
            if presses > 1:
                raise KeyboardInterrupt
            # Not printed here: the signal may interrupt a print, which is not reentrant.
            to_say.put(True)

        def say():
            if to_say.get():
                self.warn(message)

        # Started in advance: starting a thread in a signal handler fails if a second signal interrupts it.
        saying = threading.Thread(target=say, daemon=True)
        saying.start()
        heard = (number for number in (signal.SIGINT, *ENDING) if signal.getsignal(number) is not signal.SIG_IGN)
        before = {number: signal.signal(number, hear) for number in heard}
        try:
            yield lambda: presses > 0
        except Interrupted:
            raise
        except Exception as error:
            if presses > 1:  # an interruption inside a library may surface as any exception
                raise KeyboardInterrupt from error
            raise
        finally:
            to_say.put(False)
            for number, handler in before.items():
                signal.signal(number, handler)
            saying.join()

    def table(self, title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Print a table whose first column is text and whose others are numbers."""
        if self.is_quiet:
            return
        from rich.table import Table

        table = Table(title=title, title_justify="left")
        for number, name in enumerate(header):
            table.add_column(name, justify="right" if number else "left")
        for row in rows:
            table.add_row(*row)
        self._rich().print(table)

    def picture(self, path: Path) -> None:
        """Show a picture inline in a notebook or in a window; if neither is possible, print its path."""
        if self.is_quiet:
            return
        if in_notebook():
            from IPython.display import Image, display

            display(Image(filename=str(path)))
        elif has_screen():
            from PIL import Image as PillowImage

            with PillowImage.open(path) as image:
                image.show(title=path.name)
        else:
            self.inform(f"There is no screen to show {path} on; open the file instead.")

    def _rich(self) -> RichConsole:
        from importlib.util import find_spec

        from rich.console import Console as RichConsole

        # In a notebook rich draws with ipywidgets; without those it would warn at every bar.
        widgets = in_notebook() and find_spec("ipywidgets") is not None
        return RichConsole(file=self._target, force_jupyter=widgets)

    def _tell(self, message: str, colour: str | int | None = None) -> None:
        harmless = self.renamed("\n".join(shown(line) for line in message.split("\n")))
        target = self._target or sys.stdout  # a running progress bar replaces it, to print above itself
        if self.is_silent or target is None:  # None if standard output was closed when Python started
            return
        printable = _wrapped(harmless, target)
        wanted = False if os.environ.get("NO_COLOR") else None
        click.echo(click.style(printable, fg=colour) if colour else printable, file=target, color=wanted)

    def _read(self) -> str:
        if self._source is None and (in_notebook() or sys.stdin.isatty()):
            return input("> ")
        line = (self._source or sys.stdin).readline()
        if not line:
            raise EOFError
        self.show(f"> {line.rstrip()}")  # so that a saved transcript contains the answers
        return line


def rate_in_words(rate: float, unit: str) -> str:
    """Return a rate in words: "2.5 batches/s", or "4.0 s per batch" for less than one per second."""
    if rate >= 1:
        return f"{rate:,.1f} {unit}/s"
    singular = unit.removesuffix("es") if unit.endswith("ches") else unit.removesuffix("s")
    return f"{1 / rate:,.1f} s per {singular}"


def _wrapped(message: str, target: TextIO) -> str:
    """Wrap long lines for a terminal; a pipe gets every sentence on one line."""
    if not target.isatty():
        return message
    width = shutil.get_terminal_size().columns
    return "\n".join(line if len(line) <= width else _folded(line, width) for line in message.split("\n"))


def _folded(line: str, width: int) -> str:
    """Wrap a line between words; further lines of a menu option are indented to its text."""
    indent = _INDENT.match(line)[0]
    hanging = " " * len(indent)
    folded = textwrap.wrap(
        line, width, subsequent_indent=hanging, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    return "\n".join(folded)


def in_notebook() -> bool:
    """Return whether this runs in Jupyter, Kaggle or Colab, where pictures can be shown inline."""
    shell = sys.modules.get("IPython")
    return shell is not None and getattr(shell.get_ipython(), "kernel", None) is not None


def on_kaggle() -> bool:
    return "KAGGLE_KERNEL_RUN_TYPE" in os.environ


def has_screen() -> bool:
    """Return whether a window can be opened on the user's own screen."""
    if not sys.stdout.isatty() or "SSH_CONNECTION" in os.environ:
        return False
    return sys.platform in ("win32", "darwin") or bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
