"""The page of all flags and settings, docs/FLAGS.md:

python -c "from colorizer.conversation.flags import page; print(page(), end='')" > docs/FLAGS.md
"""

from __future__ import annotations

from colorizer.conversation.question import COMMANDS, Question
from colorizer.conversation.questions import GROUPS, QUESTIONS
from colorizer.conversation.settings_file import IN_A_FILE

_HEAD = """# Flags and settings

This page is generated from the program's questions.

Use them with `python colorize.py train ...`, `colorize ...`, `evaluate ...`, `studio ...`, `inspect ...`, `film ...`
or `merge ...`. `--help` shows a command's most used flags, and `--help-all` shows all of them.

- A flag replaces its question. `--yes` accepts the default of all other questions.
- Name photos, folders, zips or films without a flag, several at once: `python colorize.py "old photos" wedding.jpg`.
- `--quiet` asks nothing and prints only warnings, to standard error.
- `--json` prints a line for each photo as soon as it is finished: its path, its result, and its error. `colorize` and
  `film` have it.
- `-` reads one photo from standard input and writes it to standard output:
  `python colorize.py - < old.jpg > new.jpg`. `--to -` writes a photo of a file to standard output.
- At every question, `help` or `?` explains it, `back` returns to the question before, and `quit` or `exit` ends the
  program. Write `./back` for a folder of that name.
- Without a terminal, answers are read from standard input. If an answer is missing, the program names its flag.
- Numbers have a decimal point (`0.5`) and may have commas between thousands (`1,000`). In a list, numbers are separated
  by commas or spaces (`120,80`).

"""
_SETTINGS = """
## The settings file

`train --settings FILE` reads settings from JSON or TOML. A training writes such a file, `model.json`, next to its
model: `--settings OUTPUT/models/<run>/model.json` repeats that training on the photos of `--dataset`. Flags take
precedence over the file. In TOML:

    [model]
    architecture = "mobilenet_unet"
    dropout = 0.1

    [settings]
    frozen_epochs = 2

    [settings.adversarial]
    l1_weight = 187.5

A table `[settings.adversarial]` makes the training adversarial. The file can also set what has a flag.

| setting | meaning | default | flag |
|---|---|---|---|
"""


def page() -> str:
    """Return the page as Markdown."""
    grouped = {question for group in GROUPS.values() for question in group}
    subjects = {**GROUPS, "The program": [question for question in QUESTIONS if question not in grouped]}
    tables = []
    for subject, group in subjects.items():
        rows = [_flag_row(question) for question in group if question in QUESTIONS]
        tables.append("\n".join([f"## {subject}\n", "| flag | meaning | default | for |", "|---|---|---|---|", *rows]))
    settings = [_setting_row(name, question) for name, question in IN_A_FILE.items() if name != "model.seed"]
    return _HEAD + "\n\n".join(tables) + "\n" + _SETTINGS + "\n".join(settings) + "\n"


def _flag_row(question: Question) -> str:
    spellings = (question.flag, *question.aliases)
    flag = ", ".join(f"`{each}`" + (f" / `--no-{each[2:]}`" if question.is_switch else "") for each in spellings)
    has_all = all(command in question.commands for command in COMMANDS)
    commands = "all" if has_all else ", ".join(command for command in COMMANDS if command in question.commands)
    return f"| {flag} | {question.help} | {_default(question)} | {commands} |"


def _setting_row(name: str, question: Question) -> str:
    flag = f"`{question.flag}`" if question.flag else ""
    return f"| `{name}` | {question.help} | {_default(question)} | {flag} |"


def _default(question: Question) -> str:
    return question.default or question.shown_default
