"""An HTML page of a whole run: every photo before and after, with a slider, viewable in any browser."""

from __future__ import annotations

import html
import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from PIL import Image

from colorizer.files import numbered, write_bytes, write_text
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.reading import read_photo
from colorizer.pictures.sheets import scaled_size, thumbnail
from colorizer.settings import PhotoLimits

_GENERATOR = '<meta name="generator" content="colorizer">'
_THUMBNAIL = 480
"""Longest side of a thumbnail, in pixels; about 30 KB as a JPEG."""
_MOST_NAMES = 1_000
"""Maximum number of files listed for each reason."""

# The slider lies on the picture and ignores clicks, which go to the link below it, except on its handle. It is wider
# than the picture by the handle's width, so that the handle's center reaches both edges.
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
{generator}
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src 'self' file:; \
style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; font: 16px/1.4 system-ui, sans-serif; --handle: 2.75rem; }}
body {{ margin: 1.5rem auto; max-width: 80rem; padding: 0 1rem; }}
h1 {{ margin: 0 0 0.5rem; overflow-wrap: anywhere; }}
main {{ display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fill, minmax(min(18rem, 100%), 1fr)); \
margin: 1.5rem 0; align-items: end; }}
figure {{ margin: 0; }}
.pair {{ --at: 50%; display: grid; position: relative; overflow: hidden; width: fit-content; max-width: 100%; \
border-radius: 4px; }}
.pair > a {{ display: grid; }}
.pair img {{ grid-area: 1 / 1; display: block; max-width: 100%; height: auto; }}
.before {{ clip-path: inset(0 calc(100% - var(--at)) 0 0); }}
.pair::after {{ content: ""; position: absolute; inset: 0 auto 0 var(--at); width: 2px; margin-left: -1px; \
background: #fff; box-shadow: 0 0 3px #000; pointer-events: none; }}
input {{ position: absolute; z-index: 1; inset: 0 auto 0 calc(var(--handle) / -2); width: calc(100% + var(--handle)); \
margin: 0; appearance: none; -webkit-appearance: none; background: none; pointer-events: none; }}
input::-webkit-slider-thumb {{ -webkit-appearance: none; pointer-events: auto; width: var(--handle); \
height: var(--handle); border: 0; cursor: ew-resize; background: {knob}; }}
input::-moz-range-thumb {{ pointer-events: auto; width: var(--handle); height: var(--handle); border: 0; \
cursor: ew-resize; background: {knob}; }}
input:focus-visible {{ outline: 3px solid Highlight; outline-offset: -3px; }}
figcaption {{ margin-top: 0.3rem; overflow-wrap: anywhere; font-size: 0.9rem; }}
li {{ overflow-wrap: anywhere; }}
summary {{ cursor: pointer; padding: 0.3rem 0; }}
</style>
</head>
<body>
<h1>{title}</h1>
<p>{summary}</p>
{failures}<main>
{figures}
</main>
{left_out}<noscript><p>Without JavaScript the sliders do not move.</p></noscript>
<script>
addEventListener("input", (event) => {{
  event.target.closest(".pair").style.setProperty("--at", event.target.value + "%");
}});
</script>
</body>
</html>
"""
_KNOB = "radial-gradient(circle, #444 0 0.2rem, #fff 0.25rem 0.75rem, #0008 0.8rem, transparent 0.9rem)"
_PAIR = """<div class="pair"><a href="{picture}" aria-label="{name}, full size"><img src="{after}" alt="in color" \
width="{width}" height="{height}" loading="lazy"><img class="before" src="{before}" alt="before" width="{width}" \
height="{height}" loading="lazy"></a>
<input type="range" min="0" max="100" value="50" aria-label="{name}: from color to before"></div>
"""
_FIGURE = """<figure>
{pair}<figcaption><a href="{picture}">{name}</a> (<a href="{original}">original</a>)</figcaption>
</figure>"""


@dataclass(frozen=True)
class PageEntry:
    """A photo of a page."""

    name: str
    original: Path
    picture: Path
    """The photo in color."""
    thumbnails: tuple[Path, Path]
    """Small JPEGs of the original and of the picture. Without them the page only links to the files."""


def save_page(
    path: Path,
    title: str,
    entries: Sequence[PageEntry],
    failures: Sequence[str] = (),
    left_out: Mapping[str, Sequence[str]] | None = None,
) -> Path:
    """Write the page of a run; raise ColorizeError.

    An existing page of this program is replaced. If another file has the name, the next numbered name is used. All
    texts are escaped.

    Args:
        path: The file.
        title: The page's title.
        entries: The photos. Links are relative to the page's folder.
        failures: Sentences about photos that failed.
        left_out: Names of files that were left out, by reason.

    Returns:
        The path of the page.
    """
    left_out = left_out or {}
    figures = [_figure(path.parent, entry) for entry in entries]
    many = "1 photo is" if len(figures) == 1 else f"{len(figures):,} photos are"
    skipped = sum(map(len, left_out.values()))
    files = "" if not skipped else f" {'1 file was' if skipped == 1 else f'{skipped:,} files were'} left out (below)."
    text = _PAGE.format(
        generator=_GENERATOR,
        knob=_KNOB,
        title=html.escape(_printable(title)),
        summary=f"{many} in color.{files} Drag a handle to compare with the original. Click a picture to open it.",
        failures=f"<h2>Not colorized</h2>\n{_list(failures)}" if failures else "",
        figures="\n".join(figures),
        left_out=f"<h2>Left out</h2>\n{''.join(map(_reason, left_out.items()))}" if left_out else "",
    )
    path = next(each for each in numbered(path) if _is_ours(each) or not os.path.lexists(each))
    write_text(path, text)
    return path


def save_thumbnails(paths: tuple[Path, Path], original: Photo, picture: Picture) -> None:
    """Write the thumbnails of a photo as it was and in color; raise ColorizeError."""
    size, window = scaled_size(*picture.size, min(_THUMBNAIL, max(picture.size)))
    before = thumbnail(original.eight_bits(), min(_THUMBNAIL, max(picture.size)))
    for path, image in zip(paths, (before, picture.resized(size, window)), strict=True):
        encoded = io.BytesIO()
        image.convert("RGB").save(encoded, "JPEG", quality=85)
        write_bytes(path, encoded.getvalue())


def save_thumbnails_of_files(paths: tuple[Path, Path], original: Path, picture: Path, limits: PhotoLimits) -> None:
    """Write the thumbnails of a photo from its two files; raise ColorizeError."""
    save_thumbnails(paths, read_photo(original, limits), Picture(read_photo(picture, limits).rgb()))


def _is_ours(path: Path) -> bool:
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            return _GENERATOR in file.read(1000)
    except OSError:
        return False


def _figure(folder: Path, entry: PageEntry) -> str:
    texts = {"picture": _link(folder, entry.picture), "name": html.escape(_printable(entry.name)), "pair": ""}
    try:
        with Image.open(entry.thumbnails[1]) as small:
            width, height = small.size
        before, after = (_link(folder, path) for path in entry.thumbnails)
        texts["pair"] = _PAIR.format(before=before, after=after, width=width, height=height, **texts)
    except (OSError, Image.DecompressionBombError):  # not written, or damaged
        pass
    return _FIGURE.format(original=_link(folder, entry.original), **texts)


def _link(folder: Path, path: Path) -> str:
    """Return an escaped link from a page in `folder` to a file: relative, unless it is on another drive."""
    try:
        relative = Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return html.escape(path.absolute().as_uri())
    return html.escape(quote(relative.encode("utf-8", "surrogateescape")))


def _reason(group: tuple[str, Sequence[str]]) -> str:
    reason, names = group
    more = [f"and {len(names) - _MOST_NAMES:,} more"] if len(names) > _MOST_NAMES else []
    items = _list([*names[:_MOST_NAMES], *more])
    return f"<details><summary>{html.escape(_printable(reason))} ({len(names):,})</summary>\n{items}</details>\n"


def _list(texts: Sequence[str]) -> str:
    items = "".join(f"<li>{html.escape(_printable(text))}</li>\n" for text in texts)
    return f"<ul>\n{items}</ul>\n"


def _printable(text: str) -> str:
    """Replace bytes that are not valid characters by question marks."""
    return text.encode("utf-8", "replace").decode("utf-8")
