"""Combine a film's encoded parts with everything the film has besides its video, and resume from finished parts.

Part 7 consists of `00007.nut`, its video, and `00007.npz`, the state after it. The state is written last, so a part is
complete if both files exist.
"""

from __future__ import annotations

import heapq
import os
from collections import deque
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from zipfile import BadZipFile

import av
import numpy as np
from av.error import FFmpegError

from colorizer.errors import ColorizeError, reason
from colorizer.files import complete_file, is_file
from colorizer.film.animations import is_animation
from colorizer.film.containers import KEPT, VP9, Encoding
from colorizer.film.decode import FilmFacts, located, opened, picture_stream
from colorizer.film.encode import PART_FORMAT
from colorizer.film.proposals import Carried, Steadied
from colorizer.film.stills import CountedFrames

_AAC, _OPUS = "aac", "libopus"
_RATE = 48_000
"""Samples per second if the encoder does not support the film's own rate."""
_LAYOUTS = {1: "mono", 2: "stereo"}
"""Layouts by number of channels, because encoders need a layout that a film may not specify."""
_BITS_OF_CHANNEL = 96_000
"""Bits per second and channel: more than either codec needs for the speech and music of old films."""


def reencoding_stream(out: av.container.OutputContainer, stream: av.AudioStream) -> av.AudioStream | None:
    """Add an output stream for re-encoded sound: Opus in WebM, AAC elsewhere.

    Returns None if the sound's codec is unknown.
    """
    if stream.codec_context is None:
        return None
    codec = _OPUS if out.format.name == "webm" else _AAC
    rate, channels = stream.codec_context.sample_rate, stream.codec_context.layout.nb_channels
    layout = _LAYOUTS.get(channels, stream.codec_context.layout.name)
    rates = av.codec.Codec(codec, "w").audio_rates or (rate,)
    added = out.add_stream(codec, rate=rate if rate in rates else _RATE, layout=layout)
    added.bit_rate = _BITS_OF_CHANNEL * channels
    return added


def reencoded(packets: Iterator[av.Packet], encoders: Mapping[int, av.AudioStream]) -> Iterator[tuple[av.Packet, int]]:
    """Yield packets with the index of their source stream, re-encoding those of the streams in `encoders`.

    Packets of these streams that cannot be decoded are dropped.

    Args:
        packets: Packets of all streams.
        encoders: Output streams for re-encoded sound, by source stream index.
    """
    for packet in packets:
        number = packet.stream.index
        if number not in encoders:
            yield packet, number
            continue
        frames = ()
        with suppress(FFmpegError):
            frames = packet.decode()
        for frame in frames:
            yield from ((each, number) for each in encoders[number].encode(frame))
    for number, stream in encoders.items():
        yield from ((each, number) for each in stream.encode(None))


_MATROSKA = ".mkv"
"""Suffix added to the name of any other film, because Matroska holds everything the other containers do."""
_NAME_BYTES = 255
"""Longest file name that common file systems accept, in bytes."""
_WITH = (
    ("video", "audio", "subtitle", "data", "attachment"),
    ("video", "audio", "subtitle", "attachment"),
    ("audio",),
    (),
)
"""Kinds of streams to keep next to the picture, tried in this order until the container accepts one."""
_DISCARD_ALL = 48
"""FFmpeg's AVDISCARD_ALL: the MOV demuxer sets it for tracks of chapter titles, which it returns as chapters."""
_WITHOUT_H265 = (".avi", ".3gp")
_WITHOUT_DATA = ("matroska", "webm", "avi", "flv")
"""Containers without data streams."""
_OWN_TAGS = {"major_brand", "minor_version", "compatible_brands", "encoder", "ENCODER", "DURATION"}
"""Metadata that describes the container itself, which every muxer writes on its own."""


def film_name(film: Path) -> str:
    """Return the name of a colorized film: its own, plus ".mkv" if its container cannot hold the video."""
    return film.name if film.suffix.lower() in KEPT or is_animation(film) else shortened_name(film.name, _MATROSKA)


def shortened_name(name: str, ending: str) -> str:
    """Append a suffix to a name, truncating the name as far as file systems require."""
    most = _NAME_BYTES - len(os.fsencode(ending))
    while len(os.fsencode(name)) > most:
        name = name[:-1]
    return name + ending


def fitting(encoding: Encoding, film: Path) -> Encoding:
    """Adapt encoder settings to a film's container: WebM gets VP9, the only supported codec that it can hold.

    Raises ColorizeError if the container cannot hold the chosen codec.
    """
    if encoding.codec == "h265" and film.suffix.lower() in _WITHOUT_H265:
        raise ColorizeError(f"{film} cannot use H.265, which this kind of film does not support. Choose H.264.")
    return replace(encoding, codec=VP9) if film.suffix.lower() == ".webm" else encoding


def join_parts(
    facts: FilmFacts,
    parts: Sequence[Path],
    target: Path,
    *,
    frames: int,
    ends: int,
    watch: Callable[[Iterable[av.VideoFrame]], object] = deque(maxlen=0).extend,
) -> tuple[str, ...]:
    """Write a film from its parts and verify that all frames are in it.

    The source's sound, subtitles, attachments, chapters and metadata are copied bit by bit. Sound that the container
    cannot hold is re-encoded. If the container refuses a kind of stream, the film is written without it. The file
    appears complete or not at all.

    Args:
        facts: Facts of the source film.
        parts: Files of encoded video, in order.
        target: The output file; its suffix decides the container.
        frames: Number of frames in all parts. The written file is decoded, and must contain exactly as many.
        ends: When the last frame ends, in units of the film's time base.
        watch: Receives the decoded frames of the written file; must consume them all.

    Returns:
        A sentence for each stream that was dropped or re-encoded.

    Raises:
        ColorizeError: The film cannot be written, or the written file lacks frames.
    """
    refused: Exception | None = None
    for kinds in _WITH:
        try:
            with complete_file(target) as temporary:
                remarks = _joined(facts, parts, ends, temporary, target.name, kinds)
                _verify(temporary, target, frames, watch)
                return remarks
        except (FFmpegError, _FramesLostError) as error:
            refused = error
    if isinstance(refused, ColorizeError):
        raise refused
    assert refused is not None
    raise ColorizeError(f"Cannot write {target}: {reason(refused)}") from refused


class _FramesLostError(ColorizeError):
    """A written film does not contain all frames of its parts."""


def _verify(file: Path, target: Path, frames: int, watch: Callable[[Iterable[av.VideoFrame]], object]) -> None:
    """Raise _FramesLostError unless exactly `frames` frames of a file can be decoded; `watch` receives them."""
    counted = CountedFrames(file)
    watch(counted)
    if counted.count != frames:
        raise _FramesLostError(
            f"{target} was not written: only {counted.count:,} of {frames:,} frames could be read back from it. "
            "Convert the film to MKV (ffmpeg -i FILM -c copy FILM.mkv) and colorize that."
        )


def _joined(
    facts: FilmFacts, parts: Sequence[Path], ends: int, file: Path, name: str, kinds: Collection[str]
) -> tuple[str, ...]:
    """Write a film, named `name` in messages, with streams of the given kinds next to its video."""
    container = KEPT.get(file.suffix.lower(), "matroska")
    with (
        opened(facts.path) as source,
        av.open(located(parts[0])) as first,
        av.open(located(file), "w", format=container, metadata_errors="surrogateescape") as out,
    ):
        out.flags |= av.container.Flags.bitexact.value  # makes the output reproducible
        out.metadata.update(_tags(source.metadata))
        picture = picture_stream(source, facts.path).index
        written: dict[int, av.stream.Stream] = {}
        encoders: dict[int, av.AudioStream] = {}
        streams = [stream for stream in source.streams if not _is_chapter_track(stream)]
        for stream in streams:
            if stream.index == picture:
                written[picture] = _picture(out, first.streams.video[0], stream, facts)
            elif stream.type in kinds and not (stream.type == "data" and container in _WITHOUT_DATA):
                added = _copied(out, stream)
                if added is None and stream.type == "audio" and (added := reencoding_stream(out, stream)) is not None:
                    encoders[stream.index] = added
                if added is not None:
                    written[stream.index] = _described(added, stream)
        if chapters := source.chapters():
            out.set_chapters(chapters)
        pictures = _part_packets(parts, ends * facts.time_base)
        for packet, stream in _in_order(source, pictures, written, encoders, picture):
            packet.stream = stream
            out.mux(packet)
        lost = (stream for stream in streams if stream.index not in written)
        return (
            *(
                f"A {stream.type} stream of {facts.path.name} could not be copied, so {name} lacks it."
                for stream in lost
            ),
            *(
                f"The sound of {facts.path.name} was re-encoded, because it could not be copied to {name}."
                for _ in encoders
            ),
        )


def _is_chapter_track(stream: av.stream.Stream) -> bool:
    """Return whether a stream holds chapter titles, which are written as chapters."""
    return stream.type == "data" and stream.discard == _DISCARD_ALL


def _picture(
    out: av.container.OutputContainer, part: av.VideoStream, source: av.VideoStream, facts: FilmFacts
) -> av.VideoStream:
    """Add the film's video stream to the output, with the codec of a part."""
    video = out.add_stream_from_template(part)
    video.time_base = facts.time_base
    video.metadata.update(_tags(source.metadata))
    if facts.display_matrix:
        video.set_display_matrix(facts.display_matrix)
    return video


def _copied(out: av.container.OutputContainer, stream: av.stream.Stream) -> av.stream.Stream | None:
    """Add a copy of a source stream; None if the codec is unknown or the container cannot hold it."""
    if stream.type == "attachment":
        return out.add_attachment(stream.name or "attachment", stream.mimetype or "", stream.data)
    try:
        return out.add_stream_from_template(stream)
    except (FFmpegError, ValueError, TypeError):
        return None


def _described(added: av.stream.Stream, stream: av.stream.Stream) -> av.stream.Stream:
    """Copy metadata and disposition to an output stream; an attachment already has them."""
    if stream.type != "attachment":
        added.metadata.update(_tags(stream.metadata))
        added.disposition = stream.disposition
    return added


def _in_order(
    source: av.container.InputContainer,
    pictures: Iterator[av.Packet],
    written: dict[int, av.stream.Stream],
    encoders: dict[int, av.AudioStream],
    picture: int,
) -> Iterator[tuple[av.Packet, av.stream.Stream]]:
    """Yield the packets of all streams, roughly ordered by time, each with its output stream."""
    others = [stream for stream in source.streams if stream.index in written and stream.index != picture]
    shown = ((_moment(packet), packet, written[picture]) for packet in pictures)
    copied = (
        (_moment(packet), packet, written[number]) for packet, number in reencoded(_packets(source, others), encoders)
    )
    for _, packet, stream in heapq.merge(shown, copied, key=lambda each: each[0]):
        yield packet, stream


def _part_packets(parts: Sequence[Path], ends: Fraction) -> Iterator[av.Packet]:
    """Yield the packets of all parts: one per frame, in the order of their times, each lasting until the next.

    The NUT demuxer omits `dts` until it knows how frames are reordered. Parts have no frames to reorder, so their `dts`
    is their `pts`.

    Args:
        parts: Files of encoded video, in order.
        ends: When the last frame ends, in seconds.
    """
    before: av.Packet | None = None
    for part in parts:
        with av.open(located(part)) as container:
            for packet in container.demux(container.streams.video[0]):
                if not packet.size:  # the last packet is empty
                    continue
                packet.dts = packet.pts
                if before is not None:
                    before.duration = _units(packet.pts * packet.time_base, before)
                    yield before
                before = packet
    if before is not None:
        before.duration = _units(ends, before)
        yield before


def _units(until: Fraction, packet: av.Packet) -> int:
    """Return the duration from a packet until a time in seconds, in units of the packet's time base, at least 1."""
    return max(1, round(until / packet.time_base) - packet.pts)


def _packets(source: av.container.InputContainer, streams: list[av.stream.Stream]) -> Iterator[av.Packet]:
    packets = source.demux(streams) if streams else iter(())
    while True:
        try:
            packet = next(packets)
        except (StopIteration, FFmpegError):  # a truncated source ends here
            return
        if packet.size:
            if packet.dts is None and packet.pts is None:  # a cover has no time
                packet.dts = packet.pts = 0
            yield packet


def _moment(packet: av.Packet) -> float:
    """Return a packet's time in seconds."""
    time = packet.dts if packet.dts is not None else packet.pts
    return float(time * packet.time_base)


def _tags(metadata: dict[str, str]) -> dict[str, str]:
    return {name: text for name, text in metadata.items() if name not in _OWN_TAGS}


PART_FRAMES = 128
"""Frames per part: a whole number of batches, a few seconds of film."""
_VERSION = 5


@dataclass(frozen=True)
class Standing:
    """The progress of a film: its finished parts, and the state to resume from."""

    parts: tuple[Path, ...] = ()
    frames: int = 0
    """Number of frames in all parts."""
    scenes: tuple[int, ...] = ()
    """Start times of all scenes so far, in the film's time base."""
    carried: Carried | None = None
    ends: int = 0
    """When the last frame ends, in the film's time base."""


def part_path(folder: Path, number: int) -> Path:
    return folder / f"{number:05}.{PART_FORMAT}"


def write_standing(standing: Standing) -> None:
    """Save the state after the newest part, completely or not at all; raise ColorizeError."""
    path, carried = standing.parts[-1].with_suffix(".npz"), standing.carried
    assert carried is not None
    with complete_file(path) as temporary:
        np.savez(
            temporary,
            version=_VERSION,
            frames=standing.frames,
            scenes=np.array(standing.scenes, np.int64),
            square=carried.square,
            chroma=carried.colours.chroma,
            age=carried.colours.age,
            change=carried.change,
            ends=standing.ends,
        )


def read_standing(folder: Path) -> Standing:
    """Load a film's progress from the folder of its parts; the initial state if there are no parts."""
    parts: list[Path] = []
    while is_file(path := part_path(folder, len(parts))) and is_file(path.with_suffix(".npz")):
        parts.append(path)
    while parts:
        standing = _read(tuple(parts))
        if standing is not None:
            return standing
        parts.pop()
    return Standing()


def _read(parts: tuple[Path, ...]) -> Standing | None:
    """Load the state saved after the last of some parts; None if it cannot be read."""
    try:
        with np.load(parts[-1].with_suffix(".npz"), allow_pickle=False) as kept:
            if kept["version"] != _VERSION:
                return None
            carried = Carried(kept["square"], Steadied(kept["chroma"], kept["age"]), kept["change"])
            scenes = tuple(map(int, kept["scenes"]))
            return Standing(parts, int(kept["frames"]), scenes, carried, int(kept["ends"]))
    except (OSError, ValueError, KeyError, BadZipFile):
        return None
