"""A self-contained HTML report of several parts, each with text, tables and pictures."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from colorizer.errors import shown
from colorizer.files import complete_file, unused_path, write_text

# Everything is in the file, and its policy forbids browsers to load anything else.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="colorizer">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; --ink: #1d1d1f; --soft: #5c5c63; --line: #d9d9de; --paper: #fff; --card: #f5f5f7;
--mark: #7a3db8; font: 17px/1.55 system-ui, -apple-system, "Segoe UI", sans-serif; }}
@media (prefers-color-scheme: dark) {{ :root {{ --ink: #ececf0; --soft: #a3a3ad; --line: #3a3a40; --paper: #161618;
--card: #212124; --mark: #c79bf2; }} }}
* {{ box-sizing: border-box; }}
body {{ margin: 0 auto; max-width: 74rem; padding: 2.5rem 1.25rem 5rem; color: var(--ink); background: var(--paper); }}
h1 {{ font-size: 2rem; line-height: 1.2; margin: 0 0 0.75rem; }}
h2 {{ font-size: 1.45rem; margin: 3.5rem 0 0.75rem; padding-top: 1rem; border-top: 1px solid var(--line); }}
h3 {{ font-size: 1.05rem; margin: 2rem 0 0.6rem; overflow-wrap: anywhere; }}
p, li {{ max-width: 46rem; overflow-wrap: anywhere; }}
nav ol {{ display: flex; flex-wrap: wrap; gap: 0.3rem 1.5rem; padding: 0; margin: 1.5rem 0 0; list-style: none; }}
a {{ color: var(--mark); }}
.figures {{ display: flex; flex-wrap: wrap; gap: 1.25rem; align-items: flex-start; }}
figure {{ margin: 0; max-width: 100%; }}
img {{ display: block; max-width: 100%; height: auto; border-radius: 4px; }}
figcaption {{ margin-top: 0.35rem; font-size: 0.85rem; line-height: 1.4; color: var(--soft); overflow-wrap: anywhere; }}
.table {{ max-height: 30rem; overflow: auto; border: 1px solid var(--line); border-radius: 6px; max-width: 100%; }}
table {{ border-collapse: collapse; font-size: 0.85rem; font-variant-numeric: tabular-nums; width: 100%; }}
th {{ position: sticky; top: 0; background: var(--card); text-align: right; }}
th, td {{ padding: 0.3rem 0.75rem; text-align: right; white-space: nowrap; border-bottom: 1px solid var(--line); }}
th:first-child, td:first-child {{ text-align: left; }}
.finding {{ background: var(--card); border-left: 4px solid var(--mark); padding: 0.6rem 1rem; border-radius: 4px;
max-width: 46rem; }}
</style>
</head>
<body>
<header>
<h1>{title}</h1>
{introduction}
<nav aria-label="Parts"><ol>
{contents}
</ol></nav>
</header>
<main>
{parts}
</main>
</body>
</html>
"""


@dataclass(frozen=True)
class Drawing:
    """One picture of a report."""

    name: str
    """Name of its file, without suffix."""
    image: Image.Image
    caption: str
    """Description of the picture, also used as alternative text."""


@dataclass(frozen=True)
class Table:
    """A table whose first column is text and whose other columns are figures."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Group:
    """Pictures, or a table, under one heading."""

    title: str = ""
    drawings: tuple[Drawing, ...] = ()
    table: Table | None = None


@dataclass(frozen=True)
class Part:
    """A part of a report."""

    title: str
    words: tuple[str, ...]
    """Paragraphs: what the pictures show, and how they were made."""
    findings: tuple[str, ...]
    """Generated sentences about the results."""
    groups: tuple[Group, ...]


@dataclass(frozen=True)
class SavedReport:
    """The files of a report."""

    page: Path
    pictures: tuple[Path, ...]
    """All pictures of the report as PNG, next to it."""


def save_report(folder: Path, name: str, title: str, introduction: Sequence[str], parts: Sequence[Part]) -> SavedReport:
    """Write a report as one HTML file, and its pictures as PNG next to it; raise ColorizeError.

    The page embeds all of its pictures and contains no script. All texts are escaped.
    """
    pictures, written = [], []
    for number, part in enumerate(parts, 1):
        groups = []
        for group in part.groups:
            figures = []
            for drawing in group.drawings:
                path = _save_picture(folder, drawing)
                pictures.append(path)
                figures.append(_figure(path, drawing))
            groups.append(_group(group, figures))
        written.append(_part(number, part, groups))
    contents = [
        f'<li><a href="#part-{number}">{number}. {_text(part.title)}</a></li>' for number, part in enumerate(parts, 1)
    ]
    page = _PAGE.format(
        title=_text(title),
        introduction=_paragraphs(introduction),
        contents="\n".join(contents),
        parts="\n".join(written),
    )
    path = unused_path(folder / name)
    write_text(path, page)
    return SavedReport(path, tuple(pictures))


def _save_picture(folder: Path, drawing: Drawing) -> Path:
    path = unused_path(folder / f"{drawing.name}.png")
    with complete_file(path) as temporary:
        drawing.image.save(temporary, format="PNG", optimize=True)
    return path


def _figure(path: Path, drawing: Drawing) -> str:
    data = base64.b64encode(path.read_bytes()).decode("ascii")
    caption, size = _text(drawing.caption), f'width="{drawing.image.width}" height="{drawing.image.height}"'
    # A caption is as wide as its picture, but never a column of single words.
    width = max(drawing.image.width, 200)
    return (
        f'<figure style="width: {width}px"><img src="data:image/png;base64,{data}" alt="{caption}" {size}>'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _group(group: Group, figures: list[str]) -> str:
    title = f"<h3>{_text(group.title)}</h3>\n" if group.title else ""
    table = _table(group.table) if group.table else ""
    pictures = '<div class="figures">\n{}\n</div>'.format("\n".join(figures)) if figures else ""
    return title + table + pictures


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{_text(cell)}</th>' for cell in table.header)
    rows = "\n".join("<tr>" + "".join(f"<td>{_text(cell)}</td>" for cell in row) + "</tr>" for row in table.rows)
    content = f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{rows}\n</tbody></table>"
    return f'<div class="table" tabindex="0">{content}</div>'


def _part(number: int, part: Part, groups: list[str]) -> str:
    findings = "\n".join(f'<p class="finding">{_text(sentence)}</p>' for sentence in part.findings)
    body = "\n".join([_paragraphs(part.words), findings, *groups])
    return f'<section id="part-{number}">\n<h2>{number}. {_text(part.title)}</h2>\n{body}\n</section>'


def _paragraphs(sentences: Sequence[str]) -> str:
    return "\n".join(f"<p>{_text(sentence)}</p>" for sentence in sentences)


def _text(text: str) -> str:
    return html.escape(shown(text))
