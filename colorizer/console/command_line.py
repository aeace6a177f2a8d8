"""The command line: flags made from the questions, the journey they choose, and exit codes."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from importlib import import_module

import click

from colorizer.console.advice import advised
from colorizer.console.terminal import Console
from colorizer.conversation.conversation import Conversation, MissingAnswer, WrongFlag
from colorizer.conversation.question import COLORIZE, EVALUATE, TRAIN, Question, WrongAnswer
from colorizer.conversation.questions import JOURNEY, OUTPUT, QUESTIONS
from colorizer.errors import ColorizeError, Interrupted

DONE, FAILED, WRONG_USE, INTERRUPTED = 0, 1, 2, 130

GREETING = (
    "Colorizer: gives black-and-white photographs colour, and trains the networks that do.\n"
    "Press Enter to take the answer in [brackets]; Ctrl-C leaves."
)


def converse(journey: str | None, flags: dict) -> None:
    """Greet, and go on the chosen journey, or on the one the person chooses."""
    console = Console()
    talk = Conversation(console, flags, accept_defaults=flags.pop("yes", False))
    console.inform(GREETING)
    _journey(journey or talk.answer(JOURNEY))(console, talk)


def _journey(name: str) -> Callable[[Console, Conversation], None]:
    """Return the function of a journey, imported while the first question is already on the screen."""
    return getattr(import_module(f"colorizer.console.{name}"), f"{name}_journey")


class Answer(click.ParamType):
    """A flag's value, read by the same parser as a typed answer."""

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
    """Make the flag of a question."""
    default = question.default or question.shown_default
    text = f"{question.help} [{default}]" if default else question.help
    if question.is_switch:
        flag = f"{question.flag}/{question.flag.replace('--', '--no-', 1)}"
        return click.Option([flag], default=None, help=text)
    return click.Option([question.flag], type=Answer(question), help=text, metavar=question.name.upper())


YES = {"is_flag": True, "help": "accept the default of every question no flag answers"}


class Journeys(click.Group):
    """The command line: without a journey's name its question is asked, and --help tells every journey's flags."""

    def format_options(self, ctx, formatter):
        super().format_options(ctx, formatter)
        for name, command in self.commands.items():
            with formatter.section(f"Flags of {name}"):
                rows = [param.get_help_record(click.Context(command)) for param in command.params]
                formatter.write_dl([row for row in rows if row])


def journey_command(name: str, text: str) -> click.Command:
    """Make the command of one journey, with a flag for each of its questions."""
    options = [option(question) for question in QUESTIONS if name in question.journeys]

    def run(**flags):
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
    commands={
        TRAIN: journey_command(TRAIN, "Train a network on colour photos."),
        COLORIZE: journey_command(COLORIZE, "Colorize black-and-white photos with an existing model."),
        EVALUATE: journey_command(EVALUATE, "Score a model on colour photos, beside leaving them gray."),
    },
)


def main() -> int:
    """Run the program and return its exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # asked to end, it clears up as after Ctrl-C
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's own log lines are not for this reader
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
        return FAILED
    except (KeyboardInterrupt, click.Abort):
        Console().warn("Interrupted.")
        return INTERRUPTED
    return DONE
