"""The command line: flags generated from the questions, the commands, exit codes, and an orderly end."""

from __future__ import annotations

import atexit
import errno
import io
import itertools
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
from colorizer.console.photos import default_source
from colorizer.console.pipe import STANDARD, is_piped
from colorizer.console.shared import refuse_addresses
from colorizer.console.terminal import ENDING, Console, in_notebook
from colorizer.conversation.conversation import (
    AnotherSource,
    Conversation,
    MissingAnswer,
    Quit,
    SourceChanged,
    TakenBack,
    WrongFlag,
)
from colorizer.conversation.question import (
    COLORIZE,
    COMMANDS,
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
from colorizer.conversation.questions import DATASET, FILM_FILE, FIRST, GROUPS, MAIN_FLAGS, OUTPUT, QUESTIONS
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
    "Colorizer: colors for black-and-white photos and films, made on this computer.\n"
    "Press Enter to accept the answer in [brackets]. At every question you can type help, back or quit."
)


def converse(command: str | None, flags: dict) -> None:
    """Greet, and run the given command, or what the user chooses."""
    console = _console(flags)
    for line in GREETING.splitlines():
        console.inform(line)
    with Conversation(console, flags, accept_defaults=flags.pop("yes", False) or console.is_quiet) as talk:
        while True:
            try:
                chosen = command or talk.answer(FIRST, default=default_source(for_training=False))
                return _function_of(_begun_with(talk, chosen))(console, talk)
            except TakenBack as taken_back:
                console.is_silent = not isinstance(taken_back, SourceChanged)
            except AnotherSource as another:
                talk.begin_with(another.path)
                command = None
            except Quit:
                console.inform("Ended. What is finished is kept." if talk.is_settled else "Ended. Nothing was made.")
                return


def _console(flags: dict) -> Console:
    """Return the console that the flags ask for, which `_run` uses for errors too."""
    is_quiet, writes_records = flags.pop("quiet", False), flags.pop("json", False)
    if not (is_quiet or writes_records or is_piped(flags)):
        return Console()
    console = Console(target=sys.stderr, is_quiet=True)
    if writes_records:
        console.records = sys.stdout
    context = click.get_current_context(silent=True)
    if context and context.obj:
        context.obj.append(console)
    return console


def _begun_with(talk: Conversation, chosen: Path | str) -> str:
    """Return the command for the answer to the first question, and tell the conversation which photos it names."""
    talk.source = None
    if chosen in COMMANDS:
        return str(chosen)
    if isinstance(chosen, Path) and is_film(chosen):
        talk.flags[FILM_FILE.name] = chosen
        return FILM
    talk.source = chosen
    return COLORIZE


def _function_of(name: str) -> Callable[[Console, Conversation], None]:
    """Return the function of a command; it is imported after the first question has been printed."""
    return getattr(import_module(f"colorizer.console.{name}"), f"{name}_command")


class Answer(click.ParamType):
    """A flag's value, parsed like a typed answer."""

    def __init__(self, question: Question):
        self.question, self.name = question, question.name

    def convert(self, value, param, ctx):
        if not isinstance(value, str):
            return value
        if value == str(STANDARD) and param is not None and param.name == PATHS and ctx.info_name == COLORIZE:
            return STANDARD
        try:
            return self.question.parse(value)
        except WrongAnswer as error:
            self.fail(str(error), param, ctx)


class Flag(click.Option):
    """The flag of a question."""

    def __init__(self, question: Question, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.question = question

    def brief_record(self) -> tuple[str, str]:
        """Return the flag without its aliases, and its help without its default."""
        value = "" if self.question.is_switch else f" {self.metavar}"
        return f"{self.question.flag}{value}", self.question.help


def option(question: Question) -> Flag:
    """Create the flag of a question."""
    default = question.default or question.shown_default
    text = f"{question.help} [{default}]" if default else question.help
    spellings = (question.flag, *question.aliases)
    if question.is_switch:
        switches = [f"{flag}/{flag.replace('--', '--no-', 1)}" for flag in spellings]
        return Flag(question, [question.name, *switches], default=None, help=text)
    metavar = question.name.upper().replace("_", "-")
    return Flag(question, [question.name, *spellings], type=Answer(question), help=text, metavar=metavar)


def help_all() -> click.Option:
    """Create the flag that lists all flags."""

    def show(context: click.Context, parameter: click.Parameter, is_wanted: bool) -> None:
        if is_wanted and not context.resilient_parsing:
            context.meta["help_all"] = True
            click.echo(context.get_help(), color=context.color)
            context.exit()

    return click.Option(
        ["--help-all"], is_flag=True, expose_value=False, is_eager=True, callback=show, help="show all flags"
    )


def write_all_flags(formatter: click.HelpFormatter, command: click.Command, of: str = "") -> None:
    """Write all flags of a command, by subject."""
    context = click.Context(command)
    flags = {param.question: param for param in command.params if isinstance(param, Flag)}
    rest = [question for question in flags if not any(question in group for group in GROUPS.values())]
    for subject, group in {**GROUPS, "The program": rest}.items():
        rows = [flags[question].get_help_record(context) for question in group if question in flags]
        if rows:
            with formatter.section(f"{subject}{of}"):
                formatter.write_dl([row for row in rows if row])


class Command(click.Command):
    """A command whose --help shows the flags that most users need, and whose --help-all shows all flags by subject."""

    def format_options(self, ctx, formatter):
        if ctx.meta.get("help_all"):
            write_all_flags(formatter, self)
            return
        flags = {param.question: param for param in self.params if isinstance(param, Flag)}
        rows = [flags[question].brief_record() for question in MAIN_FLAGS[self.name] if question in flags]
        with formatter.section("Flags"):
            plain = [param for param in self.params if isinstance(param, click.Option) and not isinstance(param, Flag)]
            formatter.write_dl([*rows, *((param.opts[0], param.help or "") for param in plain)])


_TAKE_PATHS = {
    COLORIZE: "[PHOTO, FOLDER OR ZIP]...",
    EVALUATE: "[PHOTO, FOLDER OR ZIP]...",
    FILM: "[FILM]...",
    STUDIO: "[PHOTO, FOLDER OR FILM]...",
}
YES = {"is_flag": True, "help": "ask nothing: accept all defaults"}
QUIET = {"is_flag": True, "help": "ask nothing, and print only warnings, to standard error"}
JSON = {"is_flag": True, "help": "print a line of JSON for each photo: path, result, error"}


class Commands(click.Group):
    """The command line: asks for photos or a command if neither is given.

    A photo, folder or zip in place of the command is colorized, and films are passed to the command for films. Flags
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
        if args[0] == str(STANDARD):
            return COLORIZE, self.get_command(ctx, COLORIZE), args
        if self.get_command(ctx, args[0]) is None and is_there(args[0]):
            paths = itertools.takewhile(lambda arg: not arg.startswith("-"), args)
            if all(is_film(Path(path)) for path in paths):
                return FILM, self.get_command(ctx, FILM), args
            return COLORIZE, self.get_command(ctx, COLORIZE), args
        if self.get_command(ctx, args[0]) is None and not args[0].startswith("-"):
            ctx.fail(f"{args[0]!r} is not a file, a folder or a command.")
        return super().resolve_command(ctx, args)

    def format_options(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl([(name, command.help) for name, command in self.commands.items()])
        if ctx.meta.get("help_all"):
            for name, command in self.commands.items():
                write_all_flags(formatter, command, f" ({name})")
        else:
            with formatter.section("Flags"):
                formatter.write_dl(_OWN_FLAGS)


def command_with_flags(name: str, text: str) -> click.Command:
    """Create a command with a flag for each of its questions."""
    options: list[click.Parameter] = [option(question) for question in QUESTIONS if name in question.commands]
    if name in _TAKE_PATHS:
        kind = FILM_FILE if name == FILM else DATASET
        options.append(click.Argument([PATHS], type=Answer(kind), nargs=-1, metavar=_TAKE_PATHS[name]))

    def run(**flags):
        flags[PATHS] = flags.get(PATHS) or None
        refuse_addresses(name, flags)
        above = click.get_current_context().parent.params
        converse(
            name, {key: flags[key] if flags[key] not in (None, False) else above.get(key, flags[key]) for key in flags}
        )

    parameters = [*options, click.Option(["--yes"], **YES), click.Option(["--quiet"], **QUIET)]
    if name in (COLORIZE, FILM):
        parameters.append(click.Option(["--json"], **JSON))
    parameters.append(help_all())
    return Command(name, params=parameters, callback=run, help=text)


_OWN_FLAGS = [
    ("--output FOLDER", OUTPUT.help),
    ("--yes", YES["help"]),
    ("--version", "show the version"),
    ("COMMAND --help", "show a command's most used flags"),
    ("--help-all", "show all flags of all commands"),
]


@click.pass_context
def without_command(context, **flags):
    if context.invoked_subcommand is None:
        converse(COLORIZE if flags["yes"] else None, flags)


program = Commands(
    "colorize.py",
    invoke_without_command=True,
    callback=without_command,
    params=[option(OUTPUT), click.Option(["--yes"], **YES), help_all()],
    help="Colorize black-and-white photos and films. Without flags, the program asks what it needs to know.\n\n"
    'Examples:\n\n\b\n  colorize.py "old photos"\n  colorize.py wedding.mp4 --yes\n  colorize.py studio',
    context_settings={"help_option_names": ["-h", "--help"]},
    commands={
        TRAIN: command_with_flags(TRAIN, "Train a network on color photos."),
        COLORIZE: command_with_flags(COLORIZE, "Colorize black-and-white photos."),
        EVALUATE: command_with_flags(EVALUATE, "Score a model on color photos."),
        STUDIO: command_with_flags(STUDIO, "Choose colors by clicking, in the browser."),
        INSPECT: command_with_flags(INSPECT, "Report what a model has learned."),
        FILM: command_with_flags(FILM, "Colorize black-and-white films, without flicker."),
        MERGE: command_with_flags(MERGE, "Merge the results of several machines."),
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
    consoles = [Console()]
    try:
        program.main(standalone_mode=False, obj=consoles)
    except click.ClickException as error:
        error.show()
        return WRONG_USE
    except (MissingAnswer, WrongFlag) as error:
        consoles[-1].warn(str(error))
        return WRONG_USE
    except Interrupted as error:
        consoles[-1].warn(str(error))
        return INTERRUPTED
    except ColorizeError as error:
        consoles[-1].warn(advised(error))
        return INTERRUPTED if was_interrupted(error) else FAILED
    except (KeyboardInterrupt, Exception) as error:
        if not (isinstance(error, click.Abort) or was_interrupted(error)):
            raise
        consoles[-1].warn("Interrupted.")
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
