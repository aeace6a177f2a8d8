"""Definition of a question: its words, flag, default, parser, and the message for a wrong answer.

The prompts, the command line's flags, the settings of a file and docs/FLAGS.md are all generated from questions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_type_hints
from urllib.parse import urlsplit

from colorizer.dataset.object_store import address
from colorizer.errors import ColorizeError
from colorizer.files import exists, is_file, is_folder, why_not_there
from colorizer.ranges import Counts, Number, OneOf, OutOfRange, Range, Ranged, WholeNumber, range_of
from colorizer.settings import IMAGENET_WEIGHTS, RANDOM_WEIGHTS, RUN_NAME, SHIPPED_WEIGHTS

TRAIN, COLORIZE, EVALUATE = "train", "colorize", "evaluate"
ALL = (TRAIN, COLORIZE, EVALUATE)
STUDIO, INSPECT, FILM = "studio", "inspect", "film"
OF_PHOTOS = (*ALL, INSPECT)
"""Commands that start with photos."""
MENU_COMMANDS = (*ALL, STUDIO, INSPECT, FILM)
MERGE = "merge"
COMMANDS = (*MENU_COMMANDS, MERGE)
"""All commands, including one that the menu does not offer because few users need it."""
SAMPLES = "the six samples"
"""Stands for the photos of the default dataset in answers."""
LATEST = "latest"
"""Stands for the most recently trained model."""
Parser = Callable[[str], Any]
_OPTION = re.compile(r"  \d+  (\w+)")
"""A line of a menu, with the option it offers."""
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d*)?|[+-]?\d{1,3}(?:_\d{3})+(?:\.\d*)?")
"""A number with separated thousands: "1,000", "1_000", "1,234,567.8"."""


@dataclass(frozen=True)
class Question:
    """A value that the program needs, from a flag, an answer, a settings file or a default."""

    flag: str
    """Such as "--train-count"; empty for values that only a settings file can set."""
    help: str
    """One line for --help and the table of flags."""
    parse: Parser
    commands: tuple[str, ...]
    prompt: str = ""
    """The prompt; a question without one is answered only by its flag or default."""
    default: str | None = None
    """The default as it would be typed; None if it depends on the photos, or there is none."""
    shown_default: str = ""
    """The default in words, if `default` is empty."""
    setting: str = ""
    """Its name in a settings file, such as "settings.adversarial.l1_weight"; empty if not allowed there."""
    aliases: tuple[str, ...] = ()
    """Other accepted spellings of the flag."""
    explanation: str = ""
    """What `help` prints at the prompt, if `help` is not enough."""

    @property
    def name(self) -> str:
        """The flag as an identifier: "--train-count" gives "train_count"; without a flag, the setting as one."""
        if self.flag:
            return self.flag.removeprefix("--").replace("-", "_")
        return self.setting.removeprefix("settings.").replace(".", "_")

    @property
    def label(self) -> str:
        """Its name for error messages: the flag, or the setting."""
        return self.flag or self.setting

    @property
    def is_switch(self) -> bool:
        """Whether it is a yes-or-no question, whose flag has a --no- form and takes no value."""
        return self.parse is yes_or_no


class WrongAnswer(ColorizeError):
    """An answer or a flag that does not fit its question; the text says why."""


def parser_of(settings: type[Ranged], name: str) -> Parser:
    """Return the parser of a setting: by its range, as yes or no, or accepting any text if it has neither."""
    declared = range_of(settings, name)
    if declared is None:
        return yes_or_no if get_type_hints(settings)[name] is bool else str
    return within(declared)


def whole_number(least: int, most: int) -> Parser:
    """Accept a whole number from `least` to `most`."""
    return within(WholeNumber(least, most))


def number_between(least: float, most: float) -> Parser:
    """Accept a decimal number from `least` to `most`, with a decimal point."""
    return within(Number(least, most))


def within(wanted: Range) -> Parser:
    """Accept a value in a range: an option in any case, or numbers.

    A number may have commas or underscores between groups of three digits, as in 1,000, and nowhere else. The numbers
    of a list are separated by spaces or commas.
    """
    if isinstance(wanted, OneOf):
        return one_of({option: option for option in wanted.options})
    read = {WholeNumber: _whole_number, Number: _number, Counts: _whole_numbers}[type(wanted)]

    def parse(text: str) -> Any:
        value = read(text)
        try:
            wanted.check(value)
        except OutOfRange as error:
            raise WrongAnswer(str(error)) from None
        return value

    return parse


def one_of(options: dict[str, str]) -> Parser:
    """Accept one of the keys of `options`, in any case, and return its value."""

    def parse(text: str) -> str:
        chosen = options.get(text.strip().lower())
        if chosen is None:
            raise WrongAnswer(f"{text!r} is not an option. Please enter one of: {', '.join(options)}.")
        return chosen

    return parse


def numbered(options: Iterable[str]) -> dict[str, str]:
    """Return the inputs that `one_of` accepts for a menu: each option by number, counted from one, and by name."""
    names = list(options)
    return {str(number): name for number, name in enumerate(names, 1)} | {name: name for name in names}


def with_default(prompt: str, default: str | None) -> str:
    """Add the default in brackets to a prompt: after the menu option that it names, or else after the question."""
    if default is None:
        return prompt
    lines = prompt.split("\n")
    options = {number: found[1] for number, line in enumerate(lines) if (found := _OPTION.match(line))}
    place = next((number for number, name in options.items() if name == default), 0 if options else -1)
    if lines[place].endswith(":"):
        lines[place] = f"{lines[place][:-1]} [{default}]:"
    else:
        lines[place] += f" [{default}]"
    return "\n".join(lines)


def menu(prompt: str, options: dict[str, str]) -> str:
    """Return a prompt with one numbered line for each option: its name and, if there is one, its meaning."""
    lines = [
        f"  {number}  {name}: {meaning}" if meaning else f"  {number}  {name}"
        for number, (name, meaning) in enumerate(options.items(), 1)
    ]
    return "\n".join([prompt, *lines])


def yes_or_no(text: str) -> bool:
    options = {"y": "yes", "yes": "yes", "n": "no", "no": "no", "true": "yes", "false": "no"}
    return one_of(options)(text) == "yes"


def a_path(text: str) -> Path:
    """Accept a path as users paste it: in quotes, with ~, with escaped spaces, or as a file:// address."""
    typed = _without_scheme(text.strip())
    if len(typed) > 1 and typed[0] == typed[-1] and typed[0] in "'\"":
        typed = typed[1:-1]
    if not typed:
        raise WrongAnswer("A path is wanted.")
    if "\0" in typed:
        raise WrongAnswer("A path cannot hold the character NUL.")
    spellings = (typed, re.sub(r"\\(.)", r"\1", typed), typed.replace("\\", "/"))
    paths = [_home(spelling) for spelling in spellings]
    return next((path for path in paths if exists(path)), paths[0])


def existing_path(endings: Sequence[str] = ()) -> Parser:
    """Accept a path that exists; if `endings` are given, it must have one of them."""

    def parse(text: str) -> Path:
        path = a_path(text)
        if not exists(path):
            raise WrongAnswer(why_not_there(path))
        if endings and path.suffix.lower() not in endings:
            raise WrongAnswer(f"{path} is of the wrong kind: its name must end in {' or '.join(endings)}.")
        if not (is_folder(path) or is_file(path)):
            raise WrongAnswer(f"{path} is neither a file nor a folder.")
        return path

    return parse


def is_there(text: str) -> bool:
    """Return whether a text is the name of an existing file or folder, whatever else it may be."""
    return exists(_home(text))


def dropped_path(text: str) -> Path | None:
    """Return the existing file or folder that a text names, as users paste or drop it, or None.

    A bare name such as "photos" does not count: it may be an answer.
    """
    if not re.search(r"[/\\]", text):
        return None
    try:
        return existing_path()(text)
    except WrongAnswer:
        return None


def path_or_option(options: dict[str, str]) -> Parser:
    """Accept a path that exists, `SAMPLES`, or one of the keys of `options`, and return the path or the option."""

    def parse(text: str) -> Path | str:
        typed = text.strip()
        if typed == SAMPLES:
            return SAMPLES
        if typed.lower() in options:
            return options[typed.lower()]
        path = a_path(typed)
        if exists(path):
            return existing_path()(typed)
        if path.suffix or len(path.parts) > 1:
            raise WrongAnswer(why_not_there(path))
        raise WrongAnswer(f"{typed!r} is not a path or an option. Enter a path, or one of: {', '.join(options)}.")

    return parse


def folder_or_address(text: str) -> Path:
    """Accept a path that exists, or the address of an object store, s3://…, which is not contacted yet."""
    path = a_path(text)
    return path if address(path) else existing_path()(text)


def run_name(text: str) -> str:
    """Accept a name for a run."""
    name = text.strip()
    if not re.fullmatch(RUN_NAME, name) or name.lower() == LATEST:
        raise WrongAnswer(
            f"{text!r} cannot be the name of a run. Use up to 80 letters, digits, spaces and . + - _, beginning with a "
            f"letter or digit, but not {LATEST}."
        )
    return name


def model_file(text: str) -> Path | str:
    """Accept a model file, `LATEST`, or a text that may be the name of a run."""
    typed, endings = text.strip(), (".h5", ".keras")
    if typed.lower() == LATEST:
        return LATEST
    if re.fullmatch(RUN_NAME, typed) and not typed.lower().endswith(endings) and not is_file(a_path(typed)):
        return typed
    return existing_path()(text)  # the loader reports other kinds of files with advice


def weights_file(text: str) -> Path | str:
    """Accept a file of weights, `SHIPPED_WEIGHTS`, `IMAGENET_WEIGHTS` or `RANDOM_WEIGHTS`."""
    words = (SHIPPED_WEIGHTS, IMAGENET_WEIGHTS, RANDOM_WEIGHTS)
    return text if text in words else existing_path((".h5",))(text)


def file_of_hints(text: str) -> Path | None:
    """Accept a JSON file, or "none"."""
    return None if text.strip().lower() == "none" else existing_path((".json",))(text)


def existing_folder(text: str) -> Path:
    path = existing_path()(text)
    if not is_folder(path):
        raise WrongAnswer(f"{path} is not a folder.")
    return path


def _whole_number(text: str) -> int:
    try:
        return int(_without_separators(text))
    except ValueError:
        raise WrongAnswer(f"{text!r} is not a whole number.") from None


def _number(text: str) -> float:
    try:
        return float(_without_separators(text))
    except ValueError:
        raise WrongAnswer(f"{text!r} is not a number.") from None


def _without_separators(text: str) -> str:
    typed = text.strip()
    if not ("," in typed or "_" in typed):
        return typed
    if not _GROUPED.fullmatch(typed):
        raise WrongAnswer(
            f"{text!r} is not a number: a comma separates groups of three digits, as in 1,000, and a point begins the "
            "fraction, as in 0.5."
        )
    return typed.replace(",", "").replace("_", "")


def a_point(text: str) -> tuple[float, float]:
    """Accept a place in a photo: pixels from its left and upper edges, separated by a comma."""
    parts = text.replace(" ", "").split(",")
    if len(parts) != 2:
        raise WrongAnswer(f"{text!r} is not a point. Write two numbers separated by a comma, such as 120,80.")
    x, y = (number_between(0, 1_000_000)(part) for part in parts)
    return x, y


def _whole_numbers(text: str) -> tuple[int, ...]:
    return tuple(_whole_number(part) for part in text.replace(" ", ",").split(",") if part)


def _without_scheme(text: str) -> str:
    """Return the path of a file:// address, as file managers and browsers copy it; return other texts unchanged."""
    address = urlsplit(text) if text.lower().startswith("file://") else None
    if address is None or address.netloc not in ("", "localhost"):
        return text
    from urllib.request import url2pathname  # it imports a web client

    return url2pathname(address.path)


def _home(text: str) -> Path:
    try:
        return Path(text).expanduser()
    except RuntimeError:  # "~somebody" for an unknown user
        return Path(text)
