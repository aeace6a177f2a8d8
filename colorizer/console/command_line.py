"""The command line: flags generated from the questions, the commands, exit codes, and an orderly end."""

from __future__ import annotations

import atexit
import errno
import io
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from types import FrameType
from typing import NoReturn

import click

from colorizer import __version__
from colorizer.console.messages import PATHS, advised, is_film
from colorizer.console.shared import refuse_addresses
from colorizer.console.terminal import ENDING, Console, in_notebook
from colorizer.conversation.conversation import Conversation, MissingAnswer, TakenBack, WrongFlag
from colorizer.conversation.question import (
    COLORIZE,
    EVALUATE,
    FILM,
    INSPECT,
    MERGE,
    STUDIO,
    TRAIN,
    Question,
    WrongAnswer,
    is_there,
)
from colorizer.conversation.questions import DATASET, FILM_FILE, JOURNEY, OUTPUT, QUESTIONS
from colorizer.errors import ColorizeError, Interrupted

INTERRUPTED = 130


@contextmanager
def asked_to_end() -> Iterator[None]:
    """Clean up as after Ctrl-C when the system terminates the program or its terminal closes."""
    if threading.current_thread() is not threading.main_thread():  # only the main thread can set signal handlers
        yield
        return
    # nohup ignores a signal, which stays ignored; a notebook continues afterwards, with its own handlers.
    heard = (number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN)
    before = {number: signal.signal(number, signal.default_int_handler) for number in heard}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def ending() -> None:
    """Make Ctrl-C end the process immediately, with the exit code of an interruption, once all work is done.

    Python and TensorFlow take a moment to shut down. A KeyboardInterrupt then would print a traceback or, after Python
    has removed its handler, kill the process by the signal.
    """
    is_heard = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_heard or in_notebook() or threading.current_thread() is not threading.main_thread():
        return
    signal.signal(signal.SIGINT, _leave)
    atexit.register(
        signal.signal, signal.SIGINT, signal.SIG_IGN
    )  # runs first; Python keeps signals ignored that are ignored


def was_interrupted(error: BaseException) -> bool:
    """Return whether a KeyboardInterrupt caused an error; imports and callbacks may convert it."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, KeyboardInterrupt):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)


_NO_OUTPUT = (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF)
"""Errors of writing to a closed pipe, a full disk, a terminal that is gone, or a closed output."""
DONE, FAILED, WRONG_USE = 0, 1, 2

GREETING = (
    "Colorizer: gives black-and-white photographs colour, and trains the networks that do.\n"
    "Press Enter to take the answer in [brackets]; back takes one question back; Ctrl-C leaves."
)


def converse(journey: str | None, flags: dict) -> None:
    """Greet, and run the given command, or the one that the user chooses."""
    console = Console()
    for line in GREETING.splitlines():
        console.inform(line)
    with Conversation(console, flags, accept_defaults=flags.pop("yes", False)) as talk:
        while True:
            try:
                return _journey(journey or talk.answer(JOURNEY))(console, talk)
            except TakenBack:
                console.is_silent = True


def _journey(name: str) -> Callable[[Console, Conversation], None]:
    """Return the function of a command; it is imported after the first question has been printed."""
    return getattr(import_module(f"colorizer.console.{name}"), f"{name}_journey")


class Answer(click.ParamType):
    """A flag's value, parsed like a typed answer."""

    def __init__(self, question: Question):
        self.question, self.name = question, question.name

    def convert(self, value, param, ctx):
        if not isinstance(value, str):
            return value
        try:
            return self.question.parse(value)
        except WrongAnswer as error:
            self.fail(str(error), param, ctx)


def option(question: Question) -> click.Option:
    """Create the flag of a question."""
    default = question.default or question.shown_default
    text = f"{question.help} [{default}]" if default else question.help
    spellings = (question.flag, *question.aliases)
    if question.is_switch:
        switches = [f"{flag}/{flag.replace('--', '--no-', 1)}" for flag in spellings]
        return click.Option([question.name, *switches], default=None, help=text)
    return click.Option([question.name, *spellings], type=Answer(question), help=text, metavar=question.name.upper())


_TAKE_PATHS = {COLORIZE: "[PHOTO, FOLDER OR ZIP]...", STUDIO: "[PHOTO, FOLDER OR FILM]..."}
YES = {"is_flag": True, "help": "accept the default of every question no flag answers"}


class Journeys(click.Group):
    """The command line: asks for a command if none is given; --help lists the flags of all commands.

    A photo, folder or zip in place of the command is colorized, and a film is passed to the command for films. Flags
    without a command belong to `colorize`.
    """

    def parse_args(self, ctx, args):
        if self._begins_with_another_commands_flag(ctx, args):
            args = [COLORIZE, *args]
        return super().parse_args(ctx, args)

    def _begins_with_another_commands_flag(self, ctx: click.Context, args: Sequence[str]) -> bool:
        """Return whether a flag that is not the group's own precedes the name of any command."""
        takes_value = {
            flag: isinstance(parameter, click.Option) and not parameter.is_flag
            for parameter in self.get_params(ctx)
            for flag in parameter.opts
        }
        rest = iter(args)
        for arg in rest:
            flag, is_joined, _ = arg.partition("=")
            if not arg.startswith("-"):
                return False
            if flag not in takes_value:
                return arg.startswith("--") and arg != "--"
            if takes_value[flag] and not is_joined:
                next(rest, None)
        return False

    def resolve_command(self, ctx, args):
        if self.get_command(ctx, args[0]) is None and is_there(args[0]):
            has_one = len(args) == 1 or args[1].startswith("-")
            if has_one and is_film(Path(args[0])):
                return FILM, self.get_command(ctx, FILM), [FILM_FILE.flag, *args]
            return COLORIZE, self.get_command(ctx, COLORIZE), args
        return super().resolve_command(ctx, args)

    def format_options(self, ctx, formatter):
        super().format_options(ctx, formatter)
        for name, command in self.commands.items():
            with formatter.section(f"Flags of {name}"):
                rows = [param.get_help_record(click.Context(command)) for param in command.params]
                formatter.write_dl([row for row in rows if row])


def journey_command(name: str, text: str) -> click.Command:
    """Create a command with a flag for each of its questions."""
    options: list[click.Parameter] = [option(question) for question in QUESTIONS if name in question.journeys]
    if name in _TAKE_PATHS:
        options.append(click.Argument([PATHS], type=Answer(DATASET), nargs=-1, metavar=_TAKE_PATHS[name]))

    def run(**flags):
        flags[PATHS] = flags.get(PATHS) or None
        refuse_addresses(name, flags)
        above = click.get_current_context().parent.params
        converse(
            name, {key: flags[key] if flags[key] not in (None, False) else above.get(key, flags[key]) for key in flags}
        )

    return click.Command(name, params=[*options, click.Option(["--yes"], **YES)], callback=run, help=text)


@click.pass_context
def without_journey(context, **flags):
    if context.invoked_subcommand is None:
        converse(COLORIZE if flags["yes"] else None, flags)


program = Journeys(
    "colorize.py",
    invoke_without_command=True,
    callback=without_journey,
    params=[option(OUTPUT), click.Option(["--yes"], **YES)],
    help="Colorize black-and-white photographs, or train a network that does. Every flag answers one question; "
    "without flags the questions are asked.",
    context_settings={"help_option_names": ["-h", "--help"]},
    commands={
        TRAIN: journey_command(TRAIN, "Train a network on colour photos."),
        COLORIZE: journey_command(COLORIZE, "Colorize black-and-white photos with an existing model."),
        EVALUATE: journey_command(EVALUATE, "Score a model on colour photos, beside leaving them gray."),
        STUDIO: journey_command(STUDIO, "Open a page in the browser: photos in, colours chosen by clicking, saved."),
        INSPECT: journey_command(INSPECT, "Look inside a model: what it has learned, and why it colours as it does."),
        FILM: journey_command(FILM, "Colorize a black-and-white film, without flicker."),
        MERGE: journey_command(MERGE, "Bring together what was done in parts: manifests and evaluations."),
    },
)

program = click.version_option(__version__, message="Colorizer %(version)s")(program)


def leave() -> NoReturn:
    """Run the program and exit with its exit code; Ctrl-C only makes it exit sooner."""
    try:
        code = main()
        ending()
    except KeyboardInterrupt:  # between the two calls
        ending()
        code = INTERRUPTED
    sys.exit(code)


def main() -> int:
    """Run the program and return its exit code; if its output cannot be written any more, it ends."""
    try:
        with asked_to_end():
            code = _run()
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        return code
    except KeyboardInterrupt:  # a second one, while the first was handled
        return INTERRUPTED
    except OSError as error:
        if error.errno not in _NO_OUTPUT or error.filename is not None:
            raise
        _say_no_more(error)
        return FAILED


def _run() -> int:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # hide TensorFlow's own log lines
    # Without AVX-512 in the CPU, TensorFlow disables oneDNN, which makes training slower.
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    _accept_every_character()
    try:
        program.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except (MissingAnswer, WrongFlag) as error:
        Console().warn(str(error))
        return WRONG_USE
    except Interrupted as error:
        Console().warn(str(error))
        return INTERRUPTED
    except ColorizeError as error:
        Console().warn(advised(error))
        return INTERRUPTED if was_interrupted(error) else FAILED
    except (KeyboardInterrupt, Exception) as error:
        if not (isinstance(error, click.Abort) or was_interrupted(error)):
            raise
        Console().warn("Interrupted.")
        return INTERRUPTED
    return DONE


def _accept_every_character() -> None:
    """Print and read characters of any script; characters missing in the terminal's encoding are printed as "?"."""
    for stream, errors in ((sys.stdin, "surrogateescape"), (sys.stdout, "replace"), (sys.stderr, "replace")):
        if isinstance(stream, io.TextIOWrapper):  # a notebook's streams accept all characters
            stream.reconfigure(errors=errors)


def _say_no_more(error: OSError) -> None:
    """Report an output error on standard error, unless the reader is gone, and redirect both streams to null.

    This also discards what Python still buffers for them
    (https://docs.python.org/3/library/signal.html#note-on-sigpipe).
    """
    if error.errno != errno.EPIPE:
        with suppress(OSError):
            os.write(2, f"Ended, since nothing more can be written to the output: {error.strerror}.\n".encode())
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for number in (1, 2):
        os.dup2(nowhere, number)
