"""The functions for Python programs. Their options have the names of the program's flags (docs/FLAGS.md)."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from colorizer import inference, runs
from colorizer import network as networks
from colorizer.dataset import check_photos, gather, is_archive, unpack
from colorizer.errors import ColorizeError
from colorizer.files import exists, is_file
from colorizer.marks import mark_folder
from colorizer.progress import Progress, no_progress
from colorizer.settings import PhotoLimits, Reading

if TYPE_CHECKING:
    from PIL import Image

    from colorizer.inference import Adjustment, References
    from colorizer.inference.hints import AnyHint
    from colorizer.network import Network
    from colorizer.photos.reading import Source
    from colorizer.runs import ColorizeResult, FilmResult

LATEST = "latest"


class PhotoOptions(TypedDict, total=False):
    """Options of `colorize_photo`."""

    vividness: float
    """Strength of the colors: 0 is gray, 1 (the default) is as predicted, 2 is twice as colorful."""
    restore_contrast: bool
    """Whether to restore the contrast of a faded photo. The default is False."""
    repair: bool
    """Whether to remove some dust and scratches first. The default is False."""


class FolderOptions(PhotoOptions, total=False):
    """Options of `colorize_folder`."""

    model: Network | str | Path | None
    """A network, or what `load_model` takes. The default is the model that comes with the program."""
    hints: str | Path | None
    """A JSON file of color hints (docs/HINTS.md)."""
    hints_beside: bool
    """Whether to read `PHOTO.hints.json` next to a photo. The default is True."""
    reference: str | Path | None
    """A color photo, or a folder of up to 20, whose colors are used where it matches (docs/REFERENCES.md)."""
    recolor: bool
    """Whether to colorize photos that are already in color too. The default is False."""
    partial: bool
    """Whether to colorize the part of a damaged photo that can be read. The default is False."""
    sheets: bool
    """Whether to show every photo on a comparison sheet, not six in each hundred. The default is False."""
    keep_dates: bool
    """Whether the copies keep the modification dates of the originals. The default is True."""
    maximum_megapixels: float
    """Larger photos are left out. The default is 300."""
    workers: int | None
    """Number of threads that read and write photos. The default depends on the number of cores."""
    cache: str | Path | None
    """Folder that remembers checked photos and converted models. By default nothing is remembered."""
    progress: Progress
    """Called as ``progress(done, total)`` with the number of colorized photos."""


class FilmOptions(TypedDict, total=False):
    """Options of `colorize_film`."""

    model: Network | str | Path | None
    """A network, or what `load_model` takes. The default is the model that comes with the program."""
    vividness: float
    """Strength of the colors, as in `PhotoOptions`."""
    hints: str | Path | None
    """A JSON file of color hints with their times (docs/FILM.md). By default the one next to the film is read."""
    reference: str | Path | None
    """A color photo, or a folder of up to 20, whose colors are used where it matches (docs/REFERENCES.md)."""
    codec: str
    """"h264" (the default) or "h265"."""
    quality: int
    """Constant rate factor, from 0 (lossless) to 51. The default is 17."""
    side_by_side: bool
    """Whether to also make a film that shows before and after. The default is False."""
    maximum_megapixels: float
    """Films with larger frames are refused. The default is 300."""
    cache: str | Path | None
    """Folder that remembers converted models."""
    progress: Progress
    """Called as ``progress(done, total)`` with the number of colorized frames."""


def load_model(
    model: str | Path | None = None,
    cache_folder: Path | None = None,
    threads: int | None = None,
    output: str | Path = "OUTPUT",
) -> Network:
    """Load a model.

    Args:
        model: A model file, "latest" for the model that was trained last, or the name of a training. The default is
            the model that comes with the program.
        cache_folder: Folder of models that were converted for a faster start.
        threads: Number of threads that compute on a CPU. The default is one for each core.
        output: The folder of trained models, for "latest" and names.

    Raises:
        ColorizeError: There is no such model, or it cannot be loaded.

    Examples:
        >>> from colorizer import load_model
        >>> network = load_model()
        >>> network.name
        'colorizer.keras'
    """
    if model == LATEST:
        model = runs.latest_model(Path(output))
    elif isinstance(model, str) and not exists(Path(model)) and not Path(model).suffix:
        model = runs.model_of_run(Path(output), model)
    return networks.load_model(model, cache_folder, threads)


def colorize_photo(
    source: Source,
    network: Network | None = None,
    adjustment: Adjustment | None = None,
    hints: Sequence[AnyHint] = (),
    references: References | Sequence[Source] = (),
    **options: Unpack[PhotoOptions],
) -> Image.Image:
    """Colorize a photo at its original size.

    Args:
        source: A path, the bytes of a file, an open binary file, a Pillow image, or an array of gamma-encoded gray, RGB
            or RGBA: uint8, or floating-point in [0, 1], of shape (h, w), (h, w, 3) or (h, w, 4), or uint16 of shape
            (h, w).
        network: The model, from `load_model`. The default is the one that comes with the program, loaded at each call.
        adjustment: The options below as one value.
        hints: Colors that you know (`Hint`, `Scribble`, `Rectangle`), in pixels of the upright photo. They override
            references.
        references: Color photos, or folders of them, that show the same things. The photo takes their colors where it
            matches them. For many photos, prepare them once with `colorizer.inference.prepare_references`.
        **options: Any of `PhotoOptions`.

    Returns:
        An 8-bit RGB image, or RGBA if the photo has transparency.

    Raises:
        TypeError: `source` is not a kind of image, or an option is unknown.
        ColorizeError: The photo or a reference cannot be read, or the photo cannot be colorized.

    Examples:
        >>> from colorizer import Hint, colorize_photo, load_model
        >>> network = load_model()
        >>> colorize_photo("grandmother.jpg", network).save("grandmother-in-color.jpg")
        >>> livelier = colorize_photo("grandmother.jpg", network, vividness=1.5)
        >>> known = colorize_photo("grandmother.jpg", network, hints=[Hint(120, 80, "#b03030")])
    """
    _refuse_unknown(options, PhotoOptions)
    if options and adjustment is not None:
        raise TypeError("Pass either an adjustment or single options, not both.")
    chosen = adjustment or inference.Adjustment(**options)
    return inference.colorize_photo(source, network or load_model(), chosen, hints, references)


def colorize_folder(
    source: str | Path | Sequence[str | Path], target: str | Path, **options: Unpack[FolderOptions]
) -> ColorizeResult:
    """Colorize all black-and-white photos of a folder into another folder.

    Subfolders are included and keep their names. Nothing is overwritten. If `target` already holds copies of the same
    photos, made in the same way, only missing ones are made.

    Args:
        source: A folder, a photo, a zip, or several of them. A zip is unpacked next to itself.
        target: The folder for the color photos, comparison sheets and a page that shows before and after.
        **options: Any of `FolderOptions`.

    Returns:
        `pictures` holds the color copy of each photo, `failures` the photos that failed, `page` the path of the page,
        and `left_out` the path of a list of files that were left out.

    Raises:
        TypeError: An option is unknown.
        ColorizeError: There are no black-and-white photos, or the work cannot be done.

    Examples:
        >>> from colorizer import colorize_folder
        >>> result = colorize_folder("my old photos", "in color", vividness=1.2)
        >>> result.page.name
        'index.html'
        >>> [failure.reason for failure in result.failures]
        []
    """
    _refuse_unknown(options, FolderOptions)
    reading, target = _reading(options), Path(target)
    sources = [Path(each) for each in ([source] if isinstance(source, str | Path) else source)]
    unpacked = [unpack(each, each.with_suffix("")) if is_archive(each) else each for each in sources]
    check = check_photos(gather(unpacked), for_training=False, reading=reading)
    photos = tuple(sorted((*check.fine, *check.in_colour))) if options.get("recolor") else tuple(check.fine)
    if not photos:
        raise ColorizeError(f"No black-and-white photos found in {sources[0]}.")
    file, given = options.get("hints"), dict(options)
    job = runs.ColorizeJob(
        network=_network(options),
        photos=photos,
        root=check.root,
        run=runs.run_in(target),
        adjustment=inference.Adjustment(**{name: given[name] for name in _names(PhotoOptions) if name in given}),
        references=inference.find_references(photos, _references(options, reading), reading.limits),
        hints=inference.find_hints(photos, check.root, Path(file) if file else None, options.get("hints_beside", True)),
        reading=reading,
        truths={photo: photo for photo in set(check.in_colour).intersection(photos)},
        has_all_sheets=options.get("sheets", False),
        folder=target,
        left_out=tuple(each for each in check.left_out() if each.path not in set(photos)),
    )
    return runs.colorize_photos(job, options.get("progress", no_progress))


def colorize_film(source: str | Path, target: str | Path, **options: Unpack[FilmOptions]) -> FilmResult:
    """Colorize a film, or an animated picture, into a folder of its own.

    The film keeps its size, frame rate, length and sound. If the work was interrupted, call it again to go on. This
    needs the extra "film" (docs/DEPENDENCIES.md).

    Args:
        source: The film.
        target: The folder for the color film and stills of its scenes. It must not hold other results.
        **options: Any of `FilmOptions`.

    Returns:
        `film` holds the path of the color film, `scenes` the second at which each scene begins, and `remarks` sentences
        about what could not be kept.

    Raises:
        TypeError: An option is unknown.
        ColorizeError: The film cannot be read or colorized, or `target` holds other results.

    Examples:
        >>> from colorizer import colorize_film
        >>> result = colorize_film("wedding.mp4", "wedding in color")
        >>> result.film.name
        'wedding.mp4'
    """
    _refuse_unknown(options, FilmOptions)
    from colorizer import film as films
    from colorizer.film.containers import refuse_without_packages

    refuse_without_packages()
    film, target, file = Path(source), Path(target), options.get("hints")
    if not is_file(film):
        raise ColorizeError(f"Cannot read {film}: the file does not exist.")
    encoding = {name: options[name] for name in ("codec", "quality") if name in options}
    mark_folder(target)
    network, references = _network(options), _references(options, _reading(options))
    job = runs.FilmJob(
        network=inference.with_references(network, references) if references else network,
        film=film,
        run=runs.run_in(target),
        hints=films.film_hints(film, Path(file) if file else None),
        vividness=options.get("vividness", 1.0),
        encoding=films.Encoding(**encoding),
        limits=_reading(options).limits,
        is_side_by_side=options.get("side_by_side", False),
    )
    runs.refuse_other_film(job)
    return runs.colorize_film(job, options.get("progress", no_progress))


def _network(options: Mapping[str, Any]) -> Network:
    model, cache = options.get("model"), options.get("cache")
    if model is None or isinstance(model, str | Path):
        return load_model(model, Path(cache) if cache else None, options.get("workers"))
    return model


def _references(options: Mapping[str, Any], reading: Reading) -> References | None:
    reference = options.get("reference")
    return inference.prepare_references(reference, reading.limits) if reference else None


def _reading(options: Mapping[str, Any]) -> Reading:
    limits = PhotoLimits(
        maximum_pixels=round(options.get("maximum_megapixels", PhotoLimits.maximum_pixels / 1e6) * 1e6),
        takes_cut_off=options.get("partial", False),
        keeps_dates=options.get("keep_dates", True),
    )
    cache = options.get("cache")
    return Reading(limits, options.get("workers"), Path(cache) if cache else None)


def _refuse_unknown(options: Collection[str], known: type) -> None:
    unknown = sorted(set(options) - set(_names(known)))
    if unknown:
        raise TypeError(f"There is no option {unknown[0]!r}. Options: {', '.join(_names(known))}.")


def _names(options: type) -> tuple[str, ...]:
    return tuple(options.__annotations__)
