"""A film's encoded parts brought together with all that the film had beside its picture."""

from __future__ import annotations

import heapq
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import av
from av.error import FFmpegError

from colorizer.errors import ColorizeError, reason
from colorizer.files import complete_file
from colorizer.film.animations import is_animation
from colorizer.film.containers import KEPT
from colorizer.film.encoding import VP9, Encoding
from colorizer.film.reading import FilmFacts, located, opened, picture_stream
from colorizer.film.sound import added_anew, encoded_anew

_MATROSKA = ".mkv"
"""Added to the name of any other film: it holds what all others do."""
_WITH = (("video", "audio", "subtitle", "data", "attachment"), ("audio",), ())
"""Kinds of streams a film is written with beside its picture; the next fewer where the container refuses."""
_WITHOUT_H265 = (".avi", ".3gp")
_WITHOUT_DATA = ("matroska", "webm", "avi", "flv")
"""Containers without streams of data."""
_OWN_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder", "ENCODER", "DURATION"}
"""Metadata that a container says of itself, and each writes anew."""


def film_name(film: Path) -> str:
    """Return the name of a film in colour: its own, with ".mkv" added where its container cannot hold the picture."""
    return film.name if film.suffix.lower() in KEPT or is_animation(film) else film.name + _MATROSKA


def fitting(encoding: Encoding, film: Path) -> Encoding:
    """Return how a film is encoded: as is said, but for WebM, which holds VP9 alone of what is known here. Raises
    ColorizeError where the film's container cannot hold what is said.
    """
    if encoding.codec == "h265" and film.suffix.lower() in _WITHOUT_H265:
        raise ColorizeError(f"{film} cannot be H.265, which films of this kind do not hold; take H.264.")
    return replace(encoding, codec=VP9) if film.suffix.lower() == ".webm" else encoding


def join_parts(facts: FilmFacts, parts: Sequence[Path], target: Path) -> tuple[str, ...]:
    """Write a film from its parts: their picture, and the source's sound, subtitles, attachments, chapters and
    metadata, each copied bit by bit; sound that the container cannot hold is encoded anew. Returns what could not be
    kept, or kept as it was, a sentence for each stream.

    Where the container refuses something, the film is written without all but its sound, or without that too. The file
    appears complete or not at all. Raises ColorizeError.
    """
    refused: FFmpegError | None = None
    for kinds in _WITH:
        try:
            return _joined(facts, parts, target, kinds)
        except FFmpegError as error:
            refused = error
    raise ColorizeError(f"Cannot write {target}: {reason(refused)}") from refused


def _joined(facts: FilmFacts, parts: Sequence[Path], target: Path, kinds: Collection[str]) -> tuple[str, ...]:
    """Write a film with the streams of some kinds, beside its picture."""
    name = KEPT.get(target.suffix.lower(), "matroska")
    with (
        complete_file(target) as temporary,
        opened(facts.path) as source,
        av.open(located(parts[0])) as first,
        av.open(located(temporary), "w", format=name, metadata_errors="surrogateescape") as out,
    ):
        out.flags |= av.container.Flags.bitexact.value  # the same film twice is the same file
        out.metadata.update(_tags(source.metadata))
        picture = picture_stream(source, facts.path).index
        written: dict[int, av.stream.Stream] = {}
        anew: dict[int, av.AudioStream] = {}
        for stream in source.streams:
            if stream.index == picture:
                written[picture] = _picture(out, first.streams.video[0], stream, facts)
            elif stream.type in kinds and not (stream.type == "data" and name in _WITHOUT_DATA):
                added = _copied(out, stream)
                if added is None and stream.type == "audio" and (added := added_anew(out, stream)) is not None:
                    anew[stream.index] = added
                if added is not None:
                    written[stream.index] = _described(added, stream)
        if chapters := source.chapters():
            out.set_chapters(chapters)
        for packet, stream in _in_order(source, parts, written, anew, picture):
            packet.stream = stream
            out.mux(packet)
        lost = (stream for stream in source.streams if stream.index not in written)
        return (
            *(f"A stream of {stream.type} of {facts.path.name} could not be kept in {target.name}." for stream in lost),
            *(f"Sound of {facts.path.name} was encoded anew: {target.name} cannot hold it as it was." for _ in anew),
        )


def _picture(
    out: av.container.OutputContainer, part: av.VideoStream, source: av.VideoStream, facts: FilmFacts
) -> av.VideoStream:
    """Add the film's picture to what is written, as a part has it."""
    video = out.add_stream_from_template(part)
    video.time_base = facts.time_base
    video.metadata.update(_tags(source.metadata))
    if facts.display_matrix:
        video.set_display_matrix(facts.display_matrix)
    return video


def _copied(out: av.container.OutputContainer, stream: av.stream.Stream) -> av.stream.Stream | None:
    """Add a stream like one of the source; None for a codec that is unknown here, or that the container cannot hold."""
    if stream.type == "attachment":
        return out.add_attachment(stream.name or "attachment", stream.mimetype or "", stream.data)
    try:
        return out.add_stream_from_template(stream)
    except (FFmpegError, ValueError, TypeError):
        return None


def _described(added: av.stream.Stream, stream: av.stream.Stream) -> av.stream.Stream:
    """Return a stream that is written, with what the film says of it; of an attachment that is said already."""
    if stream.type != "attachment":
        added.metadata.update(_tags(stream.metadata))
        added.disposition = stream.disposition
    return added


def _in_order(
    source: av.container.InputContainer,
    parts: Sequence[Path],
    written: dict[int, av.stream.Stream],
    anew: dict[int, av.AudioStream],
    picture: int,
) -> Iterator[tuple[av.Packet, av.stream.Stream]]:
    """Yield the packets of all streams, nearly by time, with the stream each goes to."""
    others = [stream for stream in source.streams if stream.index in written and stream.index != picture]
    pictures = ((_moment(packet), packet, written[picture]) for packet in _part_packets(parts))
    copied = (
        (_moment(packet), packet, written[number]) for packet, number in encoded_anew(_packets(source, others), anew)
    )
    for _, packet, stream in heapq.merge(pictures, copied, key=lambda each: each[0]):
        yield packet, stream


def _part_packets(parts: Sequence[Path]) -> Iterator[av.Packet]:
    for part in parts:
        with av.open(located(part)) as container:
            for packet in container.demux(container.streams.video[0]):
                if packet.dts is not None:
                    yield packet


def _packets(source: av.container.InputContainer, streams: list[av.stream.Stream]) -> Iterator[av.Packet]:
    packets = source.demux(streams) if streams else iter(())
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):  # a source that is cut off has no more
            return
        if packet.size:
            if packet.dts is None and packet.pts is None:  # a cover, which has no time
                packet.dts = packet.pts = 0
            yield packet


def _moment(packet: av.Packet) -> float:
    """Return a packet's time in seconds."""
    time = packet.dts if packet.dts is not None else packet.pts
    return float(time * packet.time_base)


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in metadata.items() if name not in _OWN_TAGS}
