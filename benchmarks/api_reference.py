"""The page of the Python API, docs/API.md, from the docstrings of the package's public names:

python -m benchmarks.api_reference > docs/API.md
"""

from __future__ import annotations

import ast
import dataclasses
import inspect
import re
import textwrap

import colorizer
from colorizer import api
from colorizer.runs import ColorizeResult, FilmResult

_HEAD = """# Use it from Python

    pip install .

This page is made from docstrings; a test runs every example. Importing `colorizer` takes milliseconds: a library is
imported when a function that needs it is called.

```python
from colorizer import colorize_folder

result = colorize_folder("my old photos", "in color")
print(len(result.pictures), "photos are in color:", result.page)
```

Every expected error is a `ColorizeError`, whose text is a sentence for users.
"""
_FUNCTIONS = ("colorize_photo", "colorize_folder", "colorize_film", "load_model")
_OPTIONS = (api.PhotoOptions, api.FolderOptions, api.FilmOptions)
_VALUES = ("Hint", "Scribble", "Rectangle", "Adjustment")
_RESULTS = (ColorizeResult, FilmResult)
_SECTIONS = ("Args", "Returns", "Raises", "Examples")


def page() -> str:
    """Return the page as Markdown."""
    functions = [_function(name) for name in _FUNCTIONS]
    options = [_fields(kind) for kind in _OPTIONS]
    values = [_fields(getattr(colorizer, name)) for name in _VALUES]
    results = [_fields(kind) for kind in _RESULTS]
    parts = [_HEAD, *functions, "# Options\n", *options, "# Values\n", *values, "# Results\n", *results]
    return "\n".join(parts)


def _function(name: str) -> str:
    function = getattr(colorizer, name)
    said, sections = _parsed(inspect.getdoc(function))
    parameters = [re.sub(r"\s*:.*", "", str(each)) for each in inspect.signature(function).parameters.values()]
    parts = [f"## {name}\n", f"`{name}({', '.join(parameters)})`\n", said + "\n"]
    for title in _SECTIONS:
        if title in sections:
            parts.append(_code(sections[title]) if title == "Examples" else f"{title}:\n\n{_listed(sections[title])}\n")
    return "\n".join(parts)


def _parsed(docstring: str) -> tuple[str, dict[str, str]]:
    """Split a Google docstring into its text and its sections."""
    pieces = re.split(rf"^({'|'.join(_SECTIONS)}):\n", docstring, flags=re.MULTILINE)
    return pieces[0].strip(), {
        title: textwrap.dedent(text).strip() for title, text in zip(pieces[1::2], pieces[2::2], strict=True)
    }


def _listed(section: str) -> str:
    """Turn "name: text" entries, whose further lines are indented, into a list."""
    entries = re.split(r"\n(?=\S)", section)
    if not re.match(r"[*\w]+: ", section):
        return section
    return "\n".join(
        re.sub(r"^([*\w]+): ", lambda found: f"- `{found[1]}`: ", entry) for entry in map(_joined, entries)
    )


def _joined(text: str) -> str:
    return " ".join(text.split())


def _code(examples: str) -> str:
    """Turn a doctest into a block of plain Python; values that it shows become assertions."""
    lines: list[str] = []
    for example in re.split(r"^>>> ", examples, flags=re.MULTILINE)[1:]:
        code, _, shown = example.rstrip().partition("\n")
        lines.append(f"assert {code} == {shown}".replace("'", '"') if shown else code)
        if code.startswith("from "):
            lines.append("")
    return "```python\n" + "\n".join(lines) + "\n```\n"


def _fields(kind: type) -> str:
    """Describe the fields of a class by the strings below them."""
    body = ast.parse(textwrap.dedent(inspect.getsource(kind))).body[0].body
    lines = []
    for statement, following in zip(body, [*body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign):
            is_told = isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)
            said = _joined(following.value.value) if is_told else ""
            value = f" = {ast.unparse(statement.value)}" if statement.value and dataclasses.is_dataclass(kind) else ""
            kind_of_value = re.sub(r"Annotated\[(.+), \w+(\(.*\))?\]", r"\1", ast.unparse(statement.annotation))
            lines.append(f"- `{statement.target.id}: {kind_of_value}{value}`{': ' if said else ''}{said}")
    bases = [base.__name__ for base in getattr(kind, "__orig_bases__", ()) if base in _OPTIONS]
    more = [f"All of `{bases[0]}`, and:\n"] if bases else []
    said, _ = _parsed(inspect.getdoc(kind))
    return "\n".join([f"## {kind.__name__}\n", said + "\n", *more, *lines, ""])


if __name__ == "__main__":
    print(page(), end="")
