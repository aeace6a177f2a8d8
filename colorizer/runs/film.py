"""Colorize a film: one job in, one result out, whoever drives it.

Examples:
    >>> from pathlib import Path
    >>> from colorizer import load_model
    >>> from colorizer.runs import FilmJob, colorize_film, reserved_run
    >>> with reserved_run(Path("OUTPUT"), "film") as run:
    ...     result = colorize_film(FilmJob(load_model(), Path("wedding.mp4"), run))
    >>> result.film, result.scenes
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass, field, replace
from itertools import chain, islice
from pathlib import Path
from typing import Any

from colorizer.errors import ColorizeError, Unfinished, UnfinishedInterrupted, reason
from colorizer.files import complete_file, fingerprint, is_file, read_json, resolved
from colorizer.film.ahead import computed_ahead
from colorizer.film.animated import colorize_animation
from colorizer.film.animations import is_animation, read_animation
from colorizer.film.chroma_planes import chroma_planes
from colorizer.film.encoding import VISUALLY_LOSSLESS, Encoding
from colorizer.film.hints_file import TimedHints
from colorizer.film.joining import film_name, fitting, join_parts
from colorizer.film.proposals import ColourFrame, batch_frames, colour_frames
from colorizer.film.reading import FilmFacts, examine_film, read_frames
from colorizer.film.riding import find_known
from colorizer.film.segments import PART_FRAMES, Standing, part_path, read_standing, write_standing
from colorizer.film.viewing import scene_stills, side_by_side, write_side_by_side
from colorizer.film.writing import PART_FORMAT, PartWriter, encodable, is_halved
from colorizer.network.network import Network
from colorizer.photos.photo import DEFAULT_LIMITS
from colorizer.pictures.contact_sheet import STILL_SIDE, save_contact_sheets
from colorizer.progress import Progress, no_progress
from colorizer.runs.folders import MADE_FROM, Run, earlier_run, write_record
from colorizer.settings import PhotoLimits

_PARTS = ".parts"
"""Folder of a film's finished parts in its run's results, until the film is whole."""
_RECORD = ".film.json"
"""What became of a film, beside it; written last."""
_BESIDE = "side-by-side"
_LEAST_MISSING = 1.0
"""Seconds a film may be shorter than it says before that is told."""


@dataclass(frozen=True)
class FilmJob:
    """A film that is to be in colour."""

    network: Network
    film: Path
    run: Run
    """Where the colour film goes."""
    hints: TimedHints = field(default_factory=dict)
    """What is known of its colours: `film.hints_file.film_hints`."""
    vividness: float = 1.0
    """Multiplies the chroma the network proposes, as `inference.Adjustment` has it; hints stay what they are."""
    encoding: Encoding = VISUALLY_LOSSLESS
    limits: PhotoLimits = DEFAULT_LIMITS
    is_side_by_side: bool = False
    """Whether a film is made, too, that shows before and after beside each other."""
    goes_on: bool = False
    """Whether to go on in the newest run made from the same film in the same way."""


@dataclass(frozen=True)
class FilmResult:
    """What became of a film."""

    folder: Path
    film: Path
    """The film in colour."""
    facts: FilmFacts
    frames: int
    made_before: int
    """How many of them an earlier run had in colour already."""
    scenes: tuple[float, ...]
    """When each scene begins, in seconds since the first frame."""
    sheets: tuple[Path, ...]
    """Contact sheets: a still of each scene of a video."""
    side_by_side: Path | None
    """The film that shows before and after, if it was asked for."""
    remarks: tuple[str, ...]
    """What a person should know: what is damaged, missing, or could not be kept."""


def colorize_film(job: FilmJob, progress: Progress = no_progress) -> FilmResult:
    """Colorize a film into the job's run, and return what became of it.

    The film keeps its luma, size, rate and length, its sound and whatever else it has; its file appears complete or not
    at all. It is made in parts of some seconds. When something stops it, Unfinished says how far it is
    (UnfinishedInterrupted for a KeyboardInterrupt), and the same job that `goes_on` ends with an equal film.
    """
    if is_animation(job.film):
        return _animated(job, progress)
    facts = examine_film(job.film, job.limits)
    job = _begun(replace(job, encoding=fitting(job.encoding, job.film)))
    facts = encodable(facts, job.encoding)
    record, folder = job.run.results / _RECORD, job.run.results / _PARTS
    if _is_made(job):
        return _made_before(job, facts)
    before, damage = read_standing(folder), []
    try:
        standing = _encoded(job, facts, folder, before, damage, progress)
        remarks = (*_told(damage, facts, standing), *join_parts(facts, standing.parts, _target(job)))
        scenes = tuple(float((scene - standing.scenes[0]) * facts.time_base) for scene in standing.scenes)
        sheets = save_contact_sheets(
            job.run.results, scene_stills(_target(job), scenes, float(standing.frames / facts.rate), STILL_SIDE)
        )
        if job.is_side_by_side:
            _make_side_by_side(job, facts, folder, progress)
        made = {"frames": standing.frames, "scenes": scenes, "sheets": [path.name for path in sheets]}
        write_record(record, {**made, "remarks": remarks})
    except (KeyboardInterrupt, ColorizeError, OSError) as stopped:
        so_far = f"{read_standing(folder).frames:,} frames of {job.film.name} are in colour, in {job.run.results}."
        if isinstance(stopped, KeyboardInterrupt):
            raise UnfinishedInterrupted(f"Interrupted. {so_far}") from None
        raise Unfinished(f"{_reason(stopped, folder)} {so_far}") from stopped
    shutil.rmtree(folder, ignore_errors=True)
    return replace(_made_before(job, facts), made_before=before.frames)


def frames_made(job: FilmJob) -> int:
    """Return how many frames of a film are in colour already, for the same job to go on behind."""
    run = earlier_run(job.run, _made_from(replace(job, encoding=fitting(job.encoding, job.film))))
    return 0 if run is None else read_standing(run.results / _PARTS).frames


def _animated(job: FilmJob, progress: Progress) -> FilmResult:
    """Colorize an animated picture, which is made in one go."""
    animation = read_animation(job.film, job.limits)
    job = _begun(job)
    record = job.run.results / _RECORD
    if _is_made(job):
        return _made_before(job, animation.facts)
    beside = _beside(job) if job.is_side_by_side else None
    try:
        scenes = colorize_animation(job.network, animation, _target(job), beside, job.hints, job.vividness, progress)
    except KeyboardInterrupt:
        raise UnfinishedInterrupted(f"Interrupted. No frame of {job.film.name} is written yet.") from None
    write_record(record, {"frames": len(animation.frames), "scenes": scenes, "sheets": (), "remarks": ()})
    return replace(_made_before(job, animation.facts), made_before=0)


def _begun(job: FilmJob) -> FilmJob:
    """Return the job in the run it is done in; a run of its own is written down as made so."""
    made_from = _made_from(job)
    earlier = earlier_run(job.run, made_from) if job.goes_on else None
    if earlier:
        return replace(job, run=earlier)
    write_record(job.run.results / MADE_FROM, made_from)
    return job


def _made_from(job: FilmJob) -> dict[str, Any]:
    """Return what a film in colour is made from and how, as its run is known by."""
    return {
        "film": str(resolved(job.film)),
        "file": list(fingerprint(job.film) or ()),
        "model": job.network.name,
        "weights": job.network.weights_digest,
        "vividness": job.vividness,
        "hints": hashlib.sha256(repr(sorted(job.hints.items())).encode()).hexdigest(),
        "side by side": job.is_side_by_side,
        **asdict(job.encoding),
    }


def _is_made(job: FilmJob) -> bool:
    """Say whether a run ended with its film, and nobody has taken that away since."""
    files = [job.run.results / _RECORD, _target(job), *([_beside(job)] if job.is_side_by_side else [])]
    return all(map(is_file, files))


def _made_before(job: FilmJob, facts: FilmFacts) -> FilmResult:
    """Return the result of a run that ended with its film, as it was written down."""
    folder = job.run.results
    try:
        record = read_json(folder / _RECORD)
        return FilmResult(
            folder=folder,
            film=_target(job),
            facts=facts,
            frames=record["frames"],
            made_before=record["frames"],
            scenes=tuple(record["scenes"]),
            sheets=tuple(folder / name for name in record["sheets"]),
            side_by_side=_beside(job) if job.is_side_by_side else None,
            remarks=tuple(record["remarks"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ColorizeError(f"What is written in {folder / _RECORD} is no record of a film.") from error


def _make_side_by_side(job: FilmJob, facts: FilmFacts, folder: Path, progress: Progress) -> None:
    with complete_file(folder / f"{_BESIDE}.{PART_FORMAT}") as part:
        write_side_by_side(_target(job), facts, job.encoding, part, progress)
        join_parts(side_by_side(facts), [part], _beside(job))


def _target(job: FilmJob) -> Path:
    return job.run.results / film_name(job.film)


def _beside(job: FilmJob) -> Path:
    """Return where the film goes that shows before and after."""
    return _target(job).with_stem(f"{_target(job).stem}-{_BESIDE}")


def _encoded(
    job: FilmJob, facts: FilmFacts, folder: Path, standing: Standing, damage: list[str], progress: Progress
) -> Standing:
    """Make the parts of a film that are not there yet, and return where it stands then: at its end."""
    known = find_known(job.network, facts, read_frames(facts), job.hints, job.vividness, progress)
    folder.mkdir(parents=True, exist_ok=True)
    frames = islice(read_frames(facts, damage), standing.frames, None)
    coloured = colour_frames(job.network, facts, frames, standing.carried, known, job.vividness)
    with closing(computed_ahead(coloured, batch_frames(facts))) as ready:
        while (first := next(ready, None)) is not None:
            path = part_path(folder, len(standing.parts))
            part = chain((first,), islice(ready, PART_FRAMES - 1))
            with complete_file(path) as temporary:
                standing = _written(temporary, path, part, standing, job.encoding, facts, progress)
            write_standing(standing)
    if not standing.parts:
        raise ColorizeError(f"No frame of {job.film} can be decoded.")
    return standing


def _written(
    file: Path,
    path: Path,
    part: Iterator[ColourFrame],
    standing: Standing,
    encoding: Encoding,
    facts: FilmFacts,
    progress: Progress,
) -> Standing:
    """Encode one part into a file that will have the name `path`; return where the film stands after it."""
    count, scenes, carried = standing.frames, list(standing.scenes), standing.carried
    with PartWriter(file, facts, encoding) as writer:
        for coloured in part:
            _write(writer, coloured, facts)
            count, carried = count + 1, coloured.carried
            if coloured.begins_scene:
                scenes.append(coloured.frame.time)
            progress(count, max(count, facts.frames))
    return Standing((*standing.parts, path), count, tuple(scenes), carried)


def _write(writer: PartWriter, coloured: ColourFrame, facts: FilmFacts) -> None:
    frame = coloured.frame
    planes = chroma_planes(frame.luma, coloured.chroma, facts, is_halved(facts))
    writer.write(frame.time, frame.duration, (frame.luma, *planes))


def _told(damage: Sequence[str], facts: FilmFacts, standing: Standing) -> tuple[str, ...]:
    """Return what is damaged or missing, a sentence for each kind."""
    remarks = [f"In {len(damage):,} places of {facts.path}: {damage[0]}."] if damage else []
    missing = facts.seconds - float(standing.frames / facts.rate)
    if facts.frames and missing > _LEAST_MISSING and standing.frames < facts.frames:
        remarks.append(f"{facts.path} ends {missing:.1f} seconds before it says; what is there is in colour.")
    return tuple(remarks)


def _reason(error: Exception, folder: Path) -> str:
    return str(error) if isinstance(error, ColorizeError) else f"Cannot write into {folder}: {reason(error)}"
