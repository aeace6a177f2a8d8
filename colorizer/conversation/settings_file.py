"""Settings from a file: the record next to a trained model, or a handwritten file, in JSON or TOML."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from colorizer.conversation.conversation import WrongFlag
from colorizer.conversation.question import Question, WrongAnswer
from colorizer.conversation.questions import QUESTIONS, SEED
from colorizer.conversation.research_settings import RESEARCH_SETTINGS
from colorizer.conversation.training_questions import ADVERSARIAL, REGRESSION, SETTINGS, TRAINING
from colorizer.documents import MAXIMUM_TOML_BYTES, parse_toml, quoted
from colorizer.files import read_json, read_text
from colorizer.settings import RECORD_VERSION

IN_A_FILE: dict[str, Question] = {
    question.setting: question for question in (*QUESTIONS, *RESEARCH_SETTINGS) if question.setting
} | {"model.seed": SEED}
"""Every setting that a file may contain, by its name there."""
_OTHERS_IN_A_RECORD = frozenset(
    (
        "version",
        "network",
        "colour",
        "photos",
        "training",
        "evaluation",
        "start_evaluation",
        "versions",
        "learned_from",
        "root",
        "maximum_pixels",
    )
)
"""Entries of a record that are not settings; a run that repeats it determines them again."""
_LONGEST_VALUE = 1_000
_ADVERSARIAL = "settings.adversarial"


def with_settings(flags: dict[str, Any], path: Path) -> dict[str, Any]:
    """Combine typed flags with the settings of a file; flags take precedence. Raises WrongFlag."""
    answers = read_settings(path)
    if flags.get(TRAINING.name) == REGRESSION:  # typed, so it takes precedence over the file's adversarial phase
        adversarial = {question.name for name, question in IN_A_FILE.items() if name.startswith(f"{_ADVERSARIAL}.")}
        answers = {name: answer for name, answer in answers.items() if name not in adversarial}
    return answers | flags


def read_settings(path: Path) -> dict[str, Any]:
    """Return the answers in a settings file, by the names of their questions. Raises WrongFlag.

    Names are those of `IN_A_FILE`, with their parts as nested tables. An empty setting (null, an empty text or list)
    leaves its question open. A table of adversarial settings, even an empty one, makes the training adversarial; null
    in its place makes it a regression.
    """
    answers: dict[str, Any] = {}
    tables = _parsed(path)
    settings = tables.get("settings")
    if isinstance(settings, dict) and "adversarial" in settings:
        answers[TRAINING.name] = REGRESSION if settings["adversarial"] is None else ADVERSARIAL
    for name, value in _flat(tables):
        if name not in IN_A_FILE:
            raise _wrong(path, f"there is no setting {quoted(name)}{_nearest(name)}")
        if value in (None, "", []):
            continue
        question = IN_A_FILE[name]
        typed = _as_typed(value)
        if len(typed) > _LONGEST_VALUE:
            raise _wrong(path, f"{name} has a value of more than {_LONGEST_VALUE:,} characters")
        try:
            answer = question.parse(typed)
        except WrongAnswer as error:
            raise _wrong(path, f"{name}: {error}") from error
        if answers.setdefault(question.name, answer) != answer:
            raise _wrong(path, f"{name} is given twice, with two values: {answers[question.name]} and {answer}")
    return answers


def _parsed(path: Path) -> dict:
    try:
        # The history of a diverged training contains NaN; settings have ranges, which reject NaN.
        is_toml = path.suffix.lower() == ".toml"
        parsed = parse_toml(read_text(path, MAXIMUM_TOML_BYTES)) if is_toml else read_json(path, allows_nan=True)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise _wrong(path, f"it cannot be read: {reason}") from error
    if not isinstance(parsed, dict):
        raise _wrong(path, "it holds no table of settings")
    version = parsed.get("version", RECORD_VERSION)
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _wrong(path, f"its version must be a whole number from 1 to {RECORD_VERSION}")
    if version > RECORD_VERSION:
        raise _wrong(path, f"it has version {version}, but this program reads up to {RECORD_VERSION}: update it")
    return {name: value for name, value in parsed.items() if name not in _OTHERS_IN_A_RECORD}


def _flat(table: dict, above: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each setting with its full name; null in place of a whole table is ignored."""
    for name, value in table.items():
        whole = f"{above}{name}"
        if isinstance(value, dict):
            yield from _flat(value, f"{whole}.")
        elif not (value is None and whole in ("model", "settings", _ADVERSARIAL)):
            yield whole, value


def _as_typed(value: Any) -> str:
    """Return a value as a user would type it: lists with commas, everything else unchanged."""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _nearest(name: str) -> str:
    near = difflib.get_close_matches(name, IN_A_FILE, 1)
    return f"; did you mean {near[0]!r}?" if near else "; docs/FLAGS.md lists them"


def _wrong(path: Path, reason: str) -> WrongFlag:
    return WrongFlag(f"{SETTINGS.flag} {path}: {reason.rstrip('.?')}{'?' if reason.endswith('?') else '.'}")
