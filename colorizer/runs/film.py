"""Colorize a film.

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
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from av import VideoFrame

from colorizer.documents import path_below
from colorizer.errors import ColorizeError, Unfinished, UnfinishedInterrupted, reason
from colorizer.files import (
    complete_file,
    exists,
    fingerprint,
    is_file,
    move_to_unused,
    owned_alone,
    read_json,
    resolved,
    unused_path,
)
from colorizer.film.animations import (
    colorize_animation,
    is_animation,
    is_as_long,
    read_animation,
    write_animation,
    write_beside_gray,
)
from colorizer.film.containers import VISUALLY_LOSSLESS, Encoding
from colorizer.film.decode import FilmFacts, Frame, examine_film, read_frames
from colorizer.film.encode import PART_FORMAT, PartWriter, chroma_planes, encodable, is_halved
from colorizer.film.hints_file import TimedHints
from colorizer.film.joining import (
    PART_FRAMES,
    Standing,
    film_name,
    fitting,
    join_parts,
    part_path,
    read_standing,
    shortened_name,
    write_standing,
)
from colorizer.film.propagation import find_known
from colorizer.film.proposals import ColourFrame, batch_frames, colour_frames, computed_ahead
from colorizer.film.stills import count_frames, scene_stills, side_by_side, write_side_by_side
from colorizer.marks import mark_folder
from colorizer.network.network import Network
from colorizer.photos.photo import DEFAULT_LIMITS
from colorizer.pictures.sheets import STILL_SIDE, save_contact_sheets
from colorizer.progress import Progress, no_progress
from colorizer.runs.folders import MADE_FROM, Run, earlier_run, is_made_from, marked_as_running, run_in, write_record
from colorizer.settings import PhotoLimits

_PARTS = ".parts"
"""Folder for a film's finished parts in its run's results, until the film is complete."""
_RECORD = ".film.json"
"""Name of the record of a finished film; written last."""
_BESIDE = "side-by-side"
_PLACED = ".placed.json"
"""Record of the names of a film's files in an output folder, in the hidden folder that the film was made in."""
_LEAST_MISSING = 1.0
"""Seconds that may be missing from a film before it is reported."""


@dataclass(frozen=True)
class FilmJob:
    """A film to colorize."""

    network: Network
    film: Path
    run: Run
    """The run that receives the color film."""
    hints: TimedHints = field(default_factory=dict)
    """Hints for the film (`film.hints_file.film_hints`)."""
    vividness: float = 1.0
    """Factor for the predicted chroma, as in `inference.Adjustment`; it does not affect hints."""
    encoding: Encoding = VISUALLY_LOSSLESS
    limits: PhotoLimits = DEFAULT_LIMITS
    is_side_by_side: bool = False
    """Whether to also make a film that shows before and after side by side."""
    goes_on: bool = False
    """Whether to resume the newest run made from the same film in the same way."""
    folder: Path | None = None
    """Output folder for the color film, instead of the run's own results."""


@dataclass(frozen=True)
class FilmResult:
    """The result of a film job."""

    folder: Path
    film: Path
    """The color film."""
    facts: FilmFacts
    frames: int
    made_before: int
    """How many of them an earlier run had already colorized."""
    scenes: tuple[float, ...]
    """When each scene begins, in seconds since the first frame."""
    sheets: tuple[Path, ...]
    """Contact sheets with a still of each scene of a video."""
    side_by_side: Path | None
    """The film that shows before and after, if requested."""
    remarks: tuple[str, ...]
    """Sentences for the user about what is damaged, missing or not preserved."""


def colorize_film(job: FilmJob, progress: Progress = no_progress, checking: Progress = no_progress) -> FilmResult:
    """Colorize a film into the job's run.

    The film keeps its luma, size, frame rate, length, sound and everything else it contains. Its file appears complete
    or not at all. The film is made in parts of a few seconds, so that a stopped job can resume: with `goes_on`, the
    same job produces the same film.

    Args:
        job: The film, and how it is colorized.
        progress: Called after each frame.
        checking: Called after each frame of the finished file, which is decoded to verify that it is complete.

    Raises:
        Unfinished: The job stopped; the message says how much is done.
        UnfinishedInterrupted: Likewise, for a KeyboardInterrupt.
    """
    if job.folder is not None:
        return _placed(job, job.folder, progress, checking)
    if is_animation(job.film):
        return _animated(job, progress)
    facts = examine_film(job.film, job.limits)
    job = replace(job, encoding=fitting(job.encoding, job.film))
    facts = encodable(facts, job.encoding)
    with _begun(job) as begun:
        folder = begun.run.results / _PARTS
        made = _made_before(begun, facts) if _has_ended(begun) else None
        try:
            if made is None:
                return _made(begun, facts, progress, checking)
            remarks = _set_aside(made, lambda film: count_frames(film, progress, made.frames) == made.frames)
            if not remarks:
                return made
            result = _made(begun, facts, progress, checking)
            return replace(result, remarks=(*remarks, *result.remarks))
        except (KeyboardInterrupt, ColorizeError, OSError) as stopped:
            so_far = f"{read_standing(folder).frames:,} frames of {job.film.name} are colorized in {folder.parent}."
            if isinstance(stopped, KeyboardInterrupt):
                raise UnfinishedInterrupted(f"Interrupted. {so_far}") from None
            raise Unfinished(f"{_reason(stopped, folder)} {so_far}") from stopped


def _made(job: FilmJob, facts: FilmFacts, progress: Progress, checking: Progress) -> FilmResult:
    """Make a film, or the missing rest of it."""
    folder = job.run.results / _PARTS
    before, damage, sheets = read_standing(folder), [], []
    standing = _encoded(job, facts, folder, before, damage, progress)
    begins, ends = standing.scenes[0], standing.ends
    scenes = tuple(float((scene - begins) * facts.time_base) for scene in standing.scenes)

    def watch(frames: Iterable[VideoFrame]) -> None:
        for path in sheets:  # remove the sheets of an attempt that lost frames
            path.unlink()
        frames = _counted(frames, standing.frames, checking)
        stills = scene_stills(frames, scenes, float((ends - begins) * facts.time_base), STILL_SIDE)
        sheets[:] = save_contact_sheets(job.run.results, stills)

    lost = join_parts(facts, standing.parts, _target(job), frames=standing.frames, ends=ends, watch=watch)
    if job.is_side_by_side:
        _make_side_by_side(job, facts, standing, progress)
    remarks = (*_damage_remarks(damage, facts, standing), *lost)
    made = {"frames": standing.frames, "scenes": scenes, "sheets": [path.name for path in sheets], "remarks": remarks}
    write_record(job.run.results / _RECORD, made)
    shutil.rmtree(folder, ignore_errors=True)
    return replace(_made_before(job, facts), made_before=before.frames)


def _counted(frames: Iterable[VideoFrame], total: int, progress: Progress) -> Iterator[VideoFrame]:
    """Yield frames, and report how many there were."""
    for count, frame in enumerate(frames, 1):
        yield frame
        progress(min(count, total), total)


def _placed(job: FilmJob, folder: Path, progress: Progress, checking: Progress) -> FilmResult:
    """Make a film in a hidden folder inside the output folder, where the same job resumes it, and move it out."""
    if resolved(folder) == resolved(job.film.parent):
        raise ColorizeError(f"{folder} is the folder of the film. Choose another output folder.")
    mark_folder(folder)
    job = replace(job, encoding=fitting(job.encoding, job.film), folder=None)
    text = json.dumps(_made_from(job), sort_keys=True, default=str)
    work = folder / f".film-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    record = work / _PLACED
    if job.goes_on and (earlier := _placed_before(replace(job, run=run_in(work)), folder)):
        return earlier
    try:
        work.mkdir(exist_ok=True)
        record.unlink(missing_ok=True)
    except OSError as error:
        raise ColorizeError(f"Cannot write into {folder}: {reason(error)}") from error
    result = colorize_film(replace(job, run=run_in(work), goes_on=True), progress, checking)
    try:
        film = _moved(result.film, folder / result.film.name)
        beside = result.side_by_side and _moved(result.side_by_side, folder / result.side_by_side.name)
        sheets = [_moved(path, folder / shortened_name(film.stem, f"-{path.name}")) for path in result.sheets]
    except OSError as error:
        raise ColorizeError(f"Cannot write into {folder}: {reason(error)}") from error
    write_record(
        record, {"film": film.name, "side_by_side": beside and beside.name, "sheets": [p.name for p in sheets]}
    )
    return replace(result, folder=folder, film=film, side_by_side=beside, sheets=tuple(sheets))


def _placed_before(job: FilmJob, folder: Path) -> FilmResult | None:
    """Return the result of a finished film whose files are still in an output folder, or None."""
    try:
        names = read_json(job.run.results / _PLACED)
        film, beside = path_below(folder, names["film"]), names["side_by_side"]
        sheets = tuple(path_below(folder, name) for name in names["sheets"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if not is_file(film):
        return None
    is_animated = is_animation(job.film)
    facts = read_animation(job.film, job.limits).facts if is_animated else examine_film(job.film, job.limits)
    side = path_below(folder, beside) if beside else None
    made = _made_before(job, facts)
    return replace(made, folder=folder, film=film, side_by_side=side, sheets=sheets)


def _moved(path: Path, wanted: Path) -> Path:
    """Move a file to a path, or to the next number if that is taken; return its path."""
    moved = move_to_unused(path, wanted)
    path.unlink(missing_ok=True)  # an equal file was there already
    return moved


def frames_made(job: FilmJob) -> int:
    """Return how many frames of a film are already colorized, from which the same job can resume."""
    run = earlier_run(job.run, _made_from(replace(job, encoding=fitting(job.encoding, job.film))))
    return 0 if run is None else read_standing(run.results / _PARTS).frames


def _animated(job: FilmJob, progress: Progress) -> FilmResult:
    """Colorize an animated picture, in one go."""
    animation = read_animation(job.film, job.limits)
    with _begun(job) as begun:
        remarks: tuple[str, ...] = ()
        if _has_ended(begun):
            made = _made_before(begun, animation.facts)
            remarks = _set_aside(made, partial(is_as_long, animation=animation))
            if not remarks:
                return made
        try:
            colored = colorize_animation(job.network, animation, job.hints, job.vividness, progress)
            write_animation(_target(begun), animation, iter(colored.pictures))
            if job.is_side_by_side:
                write_beside_gray(_beside(begun), animation, colored.pictures)
        except KeyboardInterrupt:
            raise UnfinishedInterrupted(f"Interrupted. No frame of {job.film.name} has been written yet.") from None
        record = {"frames": len(animation.frames), "scenes": colored.scenes, "sheets": (), "remarks": remarks}
        write_record(begun.run.results / _RECORD, record)
        return replace(_made_before(begun, animation.facts), made_before=0)


@contextmanager
def _begun(job: FilmJob) -> Iterator[FilmJob]:
    """Yield the job with the run to work in, locked against other processes; record what a new run is made from.

    Raises ColorizeError if another process is working in that run.
    """
    made_from = _made_from(job)
    earlier = None
    if job.goes_on:
        earlier = job.run if is_made_from(job.run, made_from) else earlier_run(job.run, made_from)
    run = earlier or job.run
    refusal = f"Another process is colorizing {job.film} in {run.results}. Wait until it ends, then try again."
    with ExitStack() as stack:
        stack.enter_context(owned_alone(run.results, refusal))
        if earlier is None:
            write_record(run.results / MADE_FROM, made_from)
        else:
            try:
                stack.enter_context(marked_as_running(run.results))
            except OSError as error:
                raise ColorizeError(f"Cannot write into {run.results.parent}: {reason(error)}") from error
        yield replace(job, run=run)


def refuse_other_film(job: FilmJob) -> None:
    """Raise ColorizeError if the folder of a job's run holds results that were made from something else."""
    if exists(job.run.results / MADE_FROM) and not is_made_from(job.run, _made_from(job)):
        raise ColorizeError(f"{job.run.results} holds results of other files or options. Choose another folder.")


def _made_from(job: FilmJob) -> dict[str, Any]:
    """Describe what a color film is made from and how, to identify its run."""
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


def _has_ended(job: FilmJob) -> bool:
    """Return whether a run has a record of its end, and the films that go with it."""
    files = [job.run.results / _RECORD, _target(job), *([_beside(job)] if job.is_side_by_side else [])]
    return all(map(is_file, files))


def _set_aside(made: FilmResult, is_complete: Callable[[Path], bool]) -> tuple[str, ...]:
    """Rename incomplete films of a run, so that they can be remade without being overwritten.

    Returns a sentence for each film that was renamed.
    """
    remarks = []
    for film in (made.film, made.side_by_side):
        if film is not None and not is_complete(film):
            kept = unused_path(film.with_name(shortened_name(film.stem, f"-incomplete{film.suffix}")))
            try:
                film.rename(kept)
            except OSError as error:
                raise ColorizeError(f"{film} is incomplete but cannot be renamed: {reason(error)}") from error
            remarks.append(f"{film} was incomplete, so it was renamed to {kept.name} and the film was colorized again.")
    return tuple(remarks)


def _made_before(job: FilmJob, facts: FilmFacts) -> FilmResult:
    """Load the result of a finished run."""
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
            sheets=tuple(path_below(folder, name) for name in record["sheets"]),
            side_by_side=_beside(job) if job.is_side_by_side else None,
            remarks=tuple(record["remarks"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ColorizeError(
            f"{folder / _RECORD} is not a valid record of a film. Delete it, then try again."
        ) from error


def _make_side_by_side(job: FilmJob, facts: FilmFacts, standing: Standing, progress: Progress) -> None:
    with complete_file(job.run.results / _PARTS / f"{_BESIDE}.{PART_FORMAT}") as part:
        write_side_by_side(_target(job), facts, job.encoding, part, progress)
        join_parts(side_by_side(facts), [part], _beside(job), frames=standing.frames, ends=standing.ends)


def _target(job: FilmJob) -> Path:
    return job.run.results / film_name(job.film)


def _beside(job: FilmJob) -> Path:
    """Return the path of the film that shows before and after."""
    target = _target(job)
    return target.with_name(shortened_name(target.stem, f"-{_BESIDE}{target.suffix}"))


def _encoded(
    job: FilmJob, facts: FilmFacts, folder: Path, standing: Standing, damage: list[str], progress: Progress
) -> Standing:
    """Make the missing parts of a film, and return the final state."""
    known = find_known(job.network, facts, read_frames(facts), job.hints, job.vividness, progress)
    folder.mkdir(parents=True, exist_ok=True)
    frames = islice(read_frames(facts, damage), standing.frames, None)
    coloured = colour_frames(job.network, facts, frames, standing.carried, known, job.vividness)
    with closing(computed_ahead(coloured, batch_frames(facts))) as ready:
        while (first := next(ready, None)) is not None:
            path = part_path(folder, len(standing.parts))
            part = chain((first,), islice(ready, PART_FRAMES - 1))
            with complete_file(path) as temporary, PartWriter(temporary, facts, job.encoding) as writer:
                standing = _written(writer, path, part, standing, facts, progress)
            write_standing(standing)
    if not standing.parts:
        raise ColorizeError(f"No frame of {job.film} can be decoded: it is damaged or in an unknown format.")
    return standing


def _written(
    writer: PartWriter,
    path: Path,
    part: Iterator[ColourFrame],
    standing: Standing,
    facts: FilmFacts,
    progress: Progress,
) -> Standing:
    """Encode one part, which will be stored as `path`; return the state after it."""
    count, scenes, carried, ends = standing.frames, list(standing.scenes), standing.carried, standing.ends
    time = None
    for coloured in part:
        _write(writer, coloured, facts)
        count, carried = count + 1, coloured.carried
        ends = coloured.frame.time + _duration(coloured.frame, time, facts)
        time = coloured.frame.time
        if coloured.begins_scene:
            scenes.append(coloured.frame.time)
        progress(count, max(count, facts.frames))
    return Standing((*standing.parts, path), count, tuple(scenes), carried, ends)


def _duration(frame: Frame, before: int | None, facts: FilmFacts) -> int:
    """Return a frame's duration; if unspecified, that of the previous frame, or the average."""
    if frame.duration:
        return frame.duration
    return round(1 / (facts.rate * facts.time_base)) if before is None else frame.time - before


def _write(writer: PartWriter, coloured: ColourFrame, facts: FilmFacts) -> None:
    frame = coloured.frame
    planes = chroma_planes(frame.luma, coloured.chroma, facts, is_halved(facts))
    writer.write(frame.time, frame.duration, (frame.luma, *planes))


def _damage_remarks(damage: Sequence[str], facts: FilmFacts, standing: Standing) -> tuple[str, ...]:
    """Return one sentence for each kind of damage or missing content."""
    remarks = (
        [f"{facts.path} is damaged in {len(damage):,} place{'s' * (len(damage) > 1)}: {damage[0]}."] if damage else []
    )
    missing = facts.seconds - float((standing.ends - standing.scenes[0]) * facts.time_base)
    if facts.frames and missing > _LEAST_MISSING and standing.frames < facts.frames:
        remarks.append(
            f"{facts.path} ends {missing:.1f} seconds earlier than it should. The frames that exist were colorized."
        )
    return tuple(remarks)


def _reason(error: Exception, folder: Path) -> str:
    return str(error) if isinstance(error, ColorizeError) else f"Cannot write into {folder}: {reason(error)}"
