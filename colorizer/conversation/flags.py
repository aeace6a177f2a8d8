"""The page of all flags and settings, docs/FLAGS.md:

python -c "from colorizer.conversation.flags import page; print(page(), end='')" > docs/FLAGS.md
"""

from __future__ import annotations

from colorizer.conversation.question import COMMANDS, Question
from colorizer.conversation.questions import QUESTIONS
from colorizer.conversation.settings_file import IN_A_FILE

_HEAD = """# Flags and settings

This page is made from the questions the program asks; a test holds it to them.

`python colorize.py train ...`, `colorize ...`, `evaluate ...`, `studio ...`, `inspect ...`, `film ...` or `merge ...`:
a typed flag comes before the answer, the answer before the default. `--yes` accepts the default of every question no
flag answers; `python colorize.py --yes` colorizes with every default. Without a terminal, answers are read from
standard input, and where they end the program names the flag that is missing. `back` in the place of an answer takes
the question before it back, as far as the first one; what was done in between is not done again. A folder of that name
is `./back`.

Numbers: a point begins the fraction (`0.5`), commas may separate thousands (`1,000`), and a comma anywhere else is
refused. Lists of numbers have commas or spaces between them (`120,80`).

"""
_SETTINGS = """
## The settings file

`train --settings FILE` reads settings from JSON or TOML. The `model.json` that a training writes beside its model is
such a file, so `--settings OUTPUT/models/<run>/model.json` repeats that training on the photos `--dataset` names. Flags
that are typed come before it. In TOML:

    [model]
    architecture = "mobilenet_unet"
    dropout = 0.1

    [settings]
    frozen_epochs = 2

    [settings.adversarial]
    l1_weight = 187.5

A table `[settings.adversarial]` makes the training adversarial. What has a flag may be said in the file too.

| setting | what it is | default | flag |
|---|---|---|---|
"""


def page() -> str:
    """Return the page as Markdown."""
    rows = [f"| flag | what it answers | default | {' | '.join(COMMANDS)} |", "|---|---|---|" + "---|" * len(COMMANDS)]
    rows += [_flag_row(question) for question in QUESTIONS]
    settings = [_setting_row(name, question) for name, question in IN_A_FILE.items() if name != "model.seed"]
    return _HEAD + "\n".join(rows) + "\n" + _SETTINGS + "\n".join(settings) + "\n"


def _flag_row(question: Question) -> str:
    spellings = (question.flag, *question.aliases)
    flag = ", ".join(f"`{each}`" + (f" / `--no-{each[2:]}`" if question.is_switch else "") for each in spellings)
    marks = " | ".join("yes" if journey in question.journeys else "" for journey in COMMANDS)
    return f"| {flag} | {question.help} | {_default(question)} | {marks} |"


def _setting_row(name: str, question: Question) -> str:
    flag = f"`{question.flag}`" if question.flag else ""
    return f"| `{name}` | {question.help} | {_default(question)} | {flag} |"


def _default(question: Question) -> str:
    return question.default or question.shown_default
