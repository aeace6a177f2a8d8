"""A film's encoded parts brought together with all that the film had beside its picture."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import av
from av.error import FFmpegError

from colorizer.errors import ColorizeError, reason
from colorizer.files import complete_file
from colorizer.film.animations import is_animation
from colorizer.film.encoding import VP9, Encoding
from colorizer.film.reading import FilmFacts, opened, picture_stream

_KEPT = {
    ".mp4": "mp4",
    ".m4v": "mp4",
    ".mov": "mov",
    ".mkv": "matroska",
    ".webm": "webm",
    ".avi": "avi",
    ".ts": "mpegts",
    ".m2ts": "mpegts",
    ".mts": "mpegts",
    ".flv": "flv",
    ".3gp": "3gp",
}
"""Endings of films whose container is kept, and FFmpeg's names of them."""
_MATROSKA = ".mkv"
"""Added to the name of any other film: it holds what all others do."""
_OWN_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder", "ENCODER", "DURATION"}
"""Metadata that a container says of itself, and each writes anew."""


def film_name(film: Path) -> str:
    """Return the name of a film in colour: its own, with ".mkv" added where its container cannot hold the picture."""
    return film.name if film.suffix.lower() in _KEPT or is_animation(film) else film.name + _MATROSKA


def fitting(encoding: Encoding, film: Path) -> Encoding:
    """Return how a film is encoded: as is said, but for WebM, which holds VP9 alone of what is known here."""
    return replace(encoding, codec=VP9) if film.suffix.lower() == ".webm" else encoding


def join_parts(facts: FilmFacts, parts: Sequence[Path], target: Path) -> tuple[str, ...]:
    """Write a film from its parts: their picture, and the source's sound, subtitles, attachments, chapters and
    metadata, each copied bit by bit. Returns what could not be kept, in words.

    The file appears complete or not at all. Raises ColorizeError.
    """
    left_out: list[str] = []
    kind = _KEPT.get(target.suffix.lower(), "matroska")
    with complete_file(target) as temporary, opened(facts.path) as source, av.open(str(parts[0])) as first:
        try:
            with av.open(str(temporary), "w", format=kind, metadata_errors="surrogateescape") as out:
                out.flags |= av.container.Flags.bitexact.value  # the same film twice is the same file
                out.metadata.update(_tags(source.metadata))
                picture = picture_stream(source, facts.path)
                copied: dict[int, av.stream.Stream] = {}
                video = None
                for stream in source.streams:
                    if stream.index == picture.index:
                        video = out.add_stream_from_template(first.streams.video[0])
                        video.time_base = facts.time_base
                        video.metadata.update(_tags(stream.metadata))
                        if facts.display_matrix:
                            video.set_display_matrix(facts.display_matrix)
                    elif stream.type == "attachment":
                        out.add_attachment(stream.name or "attachment", stream.mimetype or "", stream.data)
                    else:
                        added = _copied(out, stream, kind)
                        if added is None:
                            left_out.append(f"a stream of {stream.type} cannot be kept in {target.suffix}")
                        else:
                            copied[stream.index] = added
                chapters = source.chapters()
                if chapters:
                    out.set_chapters(chapters)
                for packet, stream in _in_order(source, parts, copied, video):
                    packet.stream = stream
                    out.mux(packet)
        except FFmpegError as error:
            if isinstance(error, OSError) and error.errno and error.errno > 0:
                raise
            raise ColorizeError(f"Cannot write {target}: {reason(error)}") from error
    return tuple(left_out)


def _copied(out: av.container.OutputContainer, stream: av.stream.Stream, kind: str) -> av.stream.Stream | None:
    if stream.type == "data" and kind in ("matroska", "webm", "avi", "flv"):  # which hold none
        return None
    try:
        added = out.add_stream_from_template(stream)
    except (FFmpegError, ValueError, TypeError):  # of a codec unknown here, or that the container does not hold
        return None
    added.metadata.update(_tags(stream.metadata))
    added.disposition = stream.disposition
    return added


def _in_order(
    source: av.container.InputContainer,
    parts: Sequence[Path],
    copied: dict[int, av.stream.Stream],
    video: av.VideoStream,
) -> Iterator[tuple[av.Packet, av.stream.Stream]]:
    """Yield the packets of all streams, nearly by time, with the stream each goes to."""
    pictures = ((_moment(packet), packet, video) for packet in _part_packets(parts))
    others = ((_moment(packet), packet, copied[packet.stream.index]) for packet in _other_packets(source, copied))
    for _, packet, stream in heapq.merge(pictures, others, key=lambda each: each[0]):
        yield packet, stream


def _part_packets(parts: Sequence[Path]) -> Iterator[av.Packet]:
    for part in parts:
        with av.open(str(part)) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.dts is not None:
                    yield packet


def _other_packets(source: av.container.InputContainer, copied: dict[int, av.stream.Stream]) -> Iterator[av.Packet]:
    streams = [stream for stream in source.streams if stream.index in copied]
    if not streams:
        return
    packets = source.demux(streams)
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):  # a source that is cut off has no more
            return
        if packet.dts is not None or packet.pts is not None:
            yield packet


def _moment(packet: av.Packet) -> float:
    """Return a packet's time in seconds."""
    time = packet.dts if packet.dts is not None else packet.pts
    return float(time * packet.time_base)


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in metadata.items() if name not in _OWN_TAGS}
