"""An HTML page of a whole run: every photo before and after, with a slider, viewable in any browser."""

from __future__ import annotations

import base64
import html
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from colorizer.files import numbered, write_text

_GENERATOR = '<meta name="generator" content="colorizer">'
_SHOWN_BY_BROWSERS = (".avif", ".bmp", ".gif", ".jpeg", ".jpg", ".png", ".webp")
MOST_COPIES = 200
"""Maximum number of small copies per page; each adds about 30 KB."""

# "Before" is the color picture without chroma: the browser's grayscale filter computes BT.709 luma of encoded values
# (https://www.w3.org/TR/filter-effects-1/#grayscaleEquivalent), which is the original's luma.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{generator}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file: data:; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; }}
body {{ margin: 1.5rem auto; max-width: 80rem; padding: 0 1rem; }}
main {{ display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(18rem, 1fr)); }}
figure {{ margin: 0; }}
.pair {{ --at: 50%; display: grid; }}
.pair > * {{ grid-area: 1 / 1; }}
img {{ width: 100%; height: auto; display: block; min-height: 4rem; }}
.before {{ filter: grayscale(1); clip-path: inset(0 calc(100% - var(--at)) 0 0); }}
input {{ width: 100%; margin: 0.3rem 0 0; }}
figcaption {{ overflow-wrap: anywhere; font-size: 0.9rem; }}
li {{ overflow-wrap: anywhere; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}</p>
{failures}<main>
{figures}
</main>
<noscript><p>Without JavaScript the sliders do not work. Click a photo's name to open its file.</p></noscript>
<script>
addEventListener("input", (event) => {{
  event.target.closest("figure").querySelector(".pair").style.setProperty("--at", event.target.value + "%");
}});
</script>
</body>
</html>
"""
_FIGURE = """<figure>
<div class="pair"><img src="{shown}" alt="in color" loading="lazy"><img class="before" src="{shown}" \
alt="before" loading="lazy"></div>
<input type="range" min="0" max="100" value="50" aria-label="{name}: from before to after">
<figcaption><a href="{source}">{name}</a>{remark}</figcaption>
</figure>"""
_SMALL_COPY = " (a small copy, because browsers do not show this format)"
_FILE = '<figure><figcaption><a href="{source}">{name}</a>: browsers do not show this format.</figcaption></figure>'


def save_page(
    path: Path,
    title: str,
    pictures: Mapping[str, Path],
    failures: Sequence[str] = (),
    copies: Mapping[str, str] | None = None,
) -> Path:
    """Write the page of a run; raise ColorizeError.

    An existing page of this program is replaced. If another file has the name, the next numbered name is used. All
    texts are escaped.

    Args:
        path: The file.
        title: The page's title.
        pictures: The color photos, by the names of their originals. Files below the page's folder get relative links.
        failures: Sentences about photos that failed.
        copies: Small copies (`small_copy`), by the same names, of pictures that browsers do not show.

    Returns:
        The path of the page.
    """
    copies = copies or {}
    figures = [_figure(path.parent, name, picture, copies.get(name)) for name, picture in pictures.items()]
    items = "".join(f"<li>{html.escape(_printable(sentence))}</li>\n" for sentence in failures)
    many = "1 photo is" if len(figures) == 1 else f"{len(figures):,} photos are"
    text = _PAGE.format(
        generator=_GENERATOR,
        title=html.escape(_printable(title)),
        summary=(
            f"{many} in color. Move a slider to the left to see more of the colorized photo, to the right to see "
            "more of the original."
        ),
        failures=f"<h2>Not colorized</h2>\n<ul>\n{items}</ul>\n" if failures else "",
        figures="\n".join(figures),
    )
    path = next(each for each in numbered(path) if _is_ours(each) or not os.path.lexists(each))
    write_text(path, text)
    return path


def is_shown_by_browsers(path: Path) -> bool:
    """Return whether browsers show a picture with this name."""
    return path.suffix.lower() in _SHOWN_BY_BROWSERS


def small_copy(thumbnail: Image.Image) -> str:
    """Encode a thumbnail for embedding in a page: a JPEG as a "data:" URL."""
    written = io.BytesIO()
    thumbnail.convert("RGB").save(written, "JPEG", quality=85)
    return f"data:image/jpeg;base64,{base64.b64encode(written.getvalue()).decode()}"


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return _GENERATOR in file.read(1000)
    except OSError:
        return False


def _figure(folder: Path, name: str, picture: Path, copy: str | None) -> str:
    if picture.is_relative_to(folder):
        source = quote(str(picture.relative_to(folder).as_posix()).encode("utf-8", "surrogateescape"))
    else:
        source = picture.absolute().as_uri()
    texts = {"source": html.escape(source), "name": html.escape(_printable(name))}
    if is_shown_by_browsers(picture):
        return _FIGURE.format(shown=texts["source"], remark="", **texts)
    return _FIGURE.format(shown=copy, remark=_SMALL_COPY, **texts) if copy else _FILE.format(**texts)


def _printable(text: str) -> str:
    """Replace bytes that are not valid characters by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
