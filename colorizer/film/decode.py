"""Decode a film: luma and presentation time of each upright frame, and the film's metadata.

FFmpeg's libavutil/display.h defines the matrix, nine numbers (a, b, u, c, d, v, x, y, w). The pixel stored at column p
and row q is shown at column a p + c q and row b p + d q, both relative to the edge of the shown picture. Quarter turns
and mirrored frames, which are all that cameras write, are supported. Frames with any other matrix are used as stored.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Generator, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from av.error import FFmpegError, InvalidDataError

from colorizer.errors import ColorizeError
from colorizer.photos.photo import DEFAULT_LIMITS
from colorizer.settings import PhotoLimits

Matrix = tuple[int, ...]
_DISPLAY_MATRIX = "DISPLAYMATRIX"


def upright(plane: np.ndarray, matrix: Matrix | None) -> np.ndarray:
    """Return a view of a stored plane or picture, shape (rows, columns, ...), in upright orientation."""
    swapped, rows, columns = _orientation(matrix)
    return (plane.swapaxes(0, 1) if swapped else plane)[::rows, ::columns]


def stored(plane: np.ndarray, matrix: Matrix | None) -> np.ndarray:
    """Return a view of an upright plane, shape (rows, columns, ...), in stored orientation."""
    swapped, rows, columns = _orientation(matrix)
    plane = plane[::rows, ::columns]
    return plane.swapaxes(0, 1) if swapped else plane


def swaps_sides(matrix: Matrix | None) -> bool:
    """Return whether the upright width is the stored height."""
    return _orientation(matrix)[0]


def display_matrix(frame: av.VideoFrame) -> Matrix | None:
    """Return the display matrix of a decoded frame, or None."""
    for data in frame.side_data:
        if data.type.name == _DISPLAY_MATRIX:
            return tuple(int(number) for number in np.frombuffer(data, np.int32)[:9])
    return None


def _orientation(matrix: Matrix | None) -> tuple[bool, int, int]:
    """Return whether rows and columns are swapped, and the steps (1 or -1) through rows and columns."""
    a, b, _, c, d = matrix[:5] if matrix else (1, 0, 0, 0, 1)
    if a and d and not b and not c:
        return False, _step(d), _step(a)
    if b and c and not a and not d:
        return True, _step(b), _step(c)
    return False, 1, 1


def _step(number: int) -> int:
    return 1 if number > 0 else -1


FULL_RANGE, STUDIO_RANGE = 2, 1
"""FFmpeg's numbers for color ranges (AVColorRange): all levels, or black at 16 and white at 235 of 255."""
BT709 = 1
"""FFmpeg's number for the matrix of ITU-R BT.709 (AVColorSpace)."""
_LONGEST_RATE = 1000
"""Maximum plausible frames per second; a higher value in a file is ignored."""
MAXIMUM_FRAME_PIXELS = 36_000_000
"""Maximum pixels per frame: just above the maximum of any H.264 or H.265 level, 139,264 blocks of 16 x 16 pixels."""
_MOST_LOOKED_AT = 250
"""Number of packets of one stream after which the search stops: a few seconds of film."""
_STILL_CODECS = ("mjpeg", "png", "bmp", "gif", "webp", "tiff", "jpeg2000", "jpegls")
_PLANAR = ("yuv4", "yuvj4", "gray", "nv12")
"""Prefixes of FFmpeg's pixel formats whose first plane is luma."""


@dataclass(frozen=True)
class FilmFacts:
    """Metadata of a film, known before its frames are decoded."""

    path: Path
    width: int
    height: int
    """Width and height of the frames as shown, upright."""
    time_base: Fraction
    """Length of one unit of presentation time, in seconds."""
    rate: Fraction
    """Average frames per second."""
    frames: int
    """Number of frames according to the file; 0 if unknown."""
    seconds: float
    """Length according to the file; 0 if unknown."""
    pixel_aspect: Fraction
    """Width of a stored pixel divided by its height."""
    bits: int
    """Bits per sample in the output: 8, or 10 for films with more than 8."""
    colour_range: int
    matrix: int
    primaries: int
    transfer: int
    """Color tags as FFmpeg numbers them (AVColorRange, AVColorSpace, AVColorPrimaries and
    AVColorTransferCharacteristic). Range 0, and 2 for the others, mean unspecified."""
    display_matrix: tuple[int, ...] | None
    """How stored frames are turned for display: 9 numbers (see `film.orientation`), or None."""
    interlaced: bool
    begins: int = 0
    """When the first frame is shown, in units of the time base."""
    sound: str = ""
    """FFmpeg's name of the sound codec, such as "aac"; empty for a silent film."""

    @property
    def stored_size(self) -> tuple[int, int]:
        """Width and height of the frames as stored."""
        return (self.height, self.width) if swaps_sides(self.display_matrix) else (self.width, self.height)


@dataclass(frozen=True)
class Frame:
    """One frame of a film, without color."""

    time: int
    """Presentation time in units of the film's time base; later than that of the previous frame."""
    duration: int
    """Duration in the same units; 0 if the film does not specify it."""
    luma: np.ndarray
    """Upright luma in the film's own range: uint8, or uint16 from 0 to 1023, shape (h, w)."""


def examine_film(path: Path, limits: PhotoLimits = DEFAULT_LIMITS) -> FilmFacts:
    """Read a film's metadata, which includes decoding its first frame.

    Raises ColorizeError if the file is not a film, or its frames have more pixels than `limits` or
    `MAXIMUM_FRAME_PIXELS` allow.
    """
    with opened(path) as container:
        stream = picture_stream(container, path)
        context = stream.codec_context
        most = min(limits.maximum_pixels, MAXIMUM_FRAME_PIXELS)
        if context.width * context.height > most:
            raise ColorizeError(
                f"The frames of {path} have {context.width:,} x {context.height:,} pixels, more than the limit of "
                f"{most / 1e6:g} megapixels. Make a smaller copy and colorize that."
            )
        first = next(_decoded(container, stream), None)
        if first is None:
            raise ColorizeError(f"No frame of {path} can be decoded: it is damaged or in an unknown format.")
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        begins = _presentation_time(first, stream.time_base) or 0
        seconds = _length(container, stream, float(begins * stream.time_base))
        is_rgb, matrix = _is_rgb(first), display_matrix(first)
        sides = first.height, first.width
        return FilmFacts(
            path=path,
            width=sides[0] if swaps_sides(matrix) else sides[1],
            height=sides[1] if swaps_sides(matrix) else sides[0],
            time_base=stream.time_base,
            rate=rate if 0 < rate <= _LONGEST_RATE else Fraction(25),
            frames=stream.frames or round(seconds * rate),
            seconds=seconds,
            pixel_aspect=stream.sample_aspect_ratio or Fraction(1),
            bits=10 if not is_rgb and first.format.components[0].bits > 8 else 8,
            colour_range=_colour_range(first),
            matrix=BT709 if is_rgb else int(first.colorspace),
            primaries=int(context.color_primaries),
            transfer=int(context.color_trc),
            display_matrix=matrix,
            interlaced=first.interlaced_frame,
            begins=begins,
            sound=next((sound.codec_context.name for sound in container.streams.audio if sound.codec_context), ""),
        )


def read_frames(facts: FilmFacts, damage: list[str] | None = None, since: int | None = None) -> Generator[Frame]:
    """Decode a film's frames in presentation order, with bounded memory.

    Interlaced films are deinterlaced, one output frame per frame, by FFmpeg's bwdif. Data that cannot be decoded is
    skipped. Frames of another size than the first are resized.

    Args:
        facts: The film's facts.
        damage: If given, receives a reason for each damaged place.
        since: A time in the film's time base. Decoding starts at a keyframe near it if the film supports seeking.

    Raises:
        ColorizeError: The film cannot be opened, or has no picture that can be decoded.
    """
    last, duration = None, 0
    with opened(facts.path) as container:
        stream = picture_stream(container, facts.path)
        stream.thread_type = "AUTO"
        if since is not None:
            with suppress(FFmpegError):  # films that do not support seeking start at the beginning
                container.seek(since, stream=stream)
        frames = _decoded(container, stream, damage)
        for frame in _deinterlaced(frames, stream) if facts.interlaced else frames:
            time = _presentation_time(frame, facts.time_base)
            if time is None or (last is not None and time <= last):
                time = 0 if last is None else last + max(duration, 1)
            duration = frame.duration if not facts.interlaced else 0
            last = time
            yield Frame(time, duration, _luma(frame, facts))


def _presentation_time(frame: av.VideoFrame, time_base: Fraction) -> int | None:
    """Return when a frame is shown, in units of `time_base`; None if the film does not specify it."""
    if frame.pts is None or frame.time_base is None:
        return frame.pts
    return round(frame.pts * frame.time_base / time_base)


def _length(container: av.container.InputContainer, stream: av.VideoStream, begins: float) -> float:
    """Return the duration of a film's video in seconds, according to the file; 0 if unknown.

    Matroska stores the end of each track in a tag. The duration of the whole file may be longer, because it includes
    sound that continues after the video.
    """
    if stream.duration:
        return max(0.0, float(stream.duration * stream.time_base))
    tag = re.fullmatch(r"(\d{1,4}):(\d\d):(\d\d(?:\.\d+)?)", stream.metadata.get("DURATION", ""))
    hours, minutes, rest = map(float, tag.groups()) if tag else (0, 0, (container.duration or 0) / 1e6)
    return max(0.0, hours * 3600 + minutes * 60 + rest - begins)


def located(path: Path) -> str:
    """Return an absolute path for FFmpeg, which would read "12:30.mp4" as an address with the protocol "12"."""
    return str(path.absolute())


def opened(path: Path) -> av.container.InputContainer:
    """Open a film; raise ColorizeError if it is not one."""
    try:
        return av.open(located(path), metadata_errors="surrogateescape")
    except InvalidDataError as error:
        raise ColorizeError(f"{path} is not a film, or is cut off: its index of frames is missing.") from error
    except (FFmpegError, OSError) as error:
        raise ColorizeError(f"Cannot open {path}: {error.strerror or error}.") from error


def picture_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    """Find the stream of a film's moving picture.

    Args:
        container: The opened film.
        path: The film's file, which is opened again if several streams could be the moving picture.

    Returns:
        The first video stream that is not a cover. A cover is marked as one, or contains a single picture.

    Raises:
        ColorizeError: There is no such stream, or it cannot be decoded.
    """
    streams = [stream for stream in container.streams.video if not is_cover(stream)]
    if not streams:
        raise ColorizeError(f"{path} contains no video. Choose a film.")
    chosen = streams[0] if len(streams) == 1 else container.streams[_moving(path, streams)]
    if chosen.codec_context is None or not chosen.codec_context.width:
        raise ColorizeError(
            f"The video format of {path} is not supported. Convert the film to H.264 and colorize that."
        )
    return chosen


def _moving(path: Path, streams: Sequence[av.VideoStream]) -> int:
    """Return the index of the first stream with more than one packet.

    A stream counts as a still picture if it has one packet where another stream has `_MOST_LOOKED_AT`. If all are still
    pictures, the result is the first stream whose codec is not made for still pictures.
    """
    packets = {stream.index: 0 for stream in streams}
    with opened(path) as container, suppress(FFmpegError):
        for packet in container.demux([container.streams[index] for index in packets]):
            packets[packet.stream.index] += packet.size > 0
            if min(packets.values()) > 1 or max(packets.values()) >= _MOST_LOOKED_AT:
                break
    moving = [index for index, count in packets.items() if count > 1]
    others = [each.index for each in streams if each.codec_context and each.codec_context.name not in _STILL_CODECS]
    return next(iter([*moving, *others, *packets]))


def is_cover(stream: av.stream.Stream) -> bool:
    """Return whether a stream is a cover picture of the film, not its video."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _decoded(
    container: av.container.InputContainer, stream: av.VideoStream, damage: list[str] | None = None
) -> Iterator[av.VideoFrame]:
    damage = [] if damage is None else damage
    packets = container.demux(stream)
    last, repeats = None, deque()
    while True:
        try:
            packet = next(packets)
        except StopIteration:
            return
        except FFmpegError as error:
            damage.append(f"it cannot be read to its end: {error.strerror}")
            return
        if not packet.size and packet.pts is not None:  # Theora repeats the previous picture this way
            repeats.append(packet.pts)
            continue
        try:
            for frame in packet.decode():
                yield from _repeated(last, repeats, until=frame.pts)
                yield frame
                last = frame
            if packet.pts is None and not packet.size:  # end of the stream
                yield from _repeated(last, repeats)
        except FFmpegError as error:
            damage.append(f"a frame is damaged: {error.strerror}")


def _repeated(last: av.VideoFrame | None, repeats: deque[int], until: int | None = None) -> Iterator[av.VideoFrame]:
    """Yield a frame again at each time of `repeats` that is before `until`."""
    while repeats and (until is None or repeats[0] < until):
        time = repeats.popleft()
        if last is not None:
            last.pts = time
            yield last


def _deinterlaced(frames: Iterator[av.VideoFrame], stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    from av.filter import Graph

    graph = Graph()
    source = graph.add_buffer(template=stream, time_base=stream.time_base)
    bwdif = graph.add("bwdif", "mode=send_frame:parity=auto:deint=interlaced")
    sink = graph.add("buffersink")
    graph.link_nodes(source, bwdif, sink).configure()
    for frame in frames:
        graph.push(frame)
        yield from _filtered(graph)
    graph.push(None)
    yield from _filtered(graph)


def _filtered(graph) -> Iterator[av.VideoFrame]:
    while True:
        try:
            yield graph.pull()
        except (av.error.BlockingIOError, av.error.EOFError):
            return


def _is_luma_first(frame: av.VideoFrame) -> bool:
    name = frame.format.name
    return name.startswith(_PLANAR) and not name.endswith("be") and frame.format.components[0].bits in (8, 10)


def _is_rgb(frame: av.VideoFrame) -> bool:
    return frame.format.is_rgb or frame.format.has_palette


def _luma(frame: av.VideoFrame, facts: FilmFacts) -> np.ndarray:
    """Return a copy of a frame's luma, upright, in the depth and range of `facts`; for RGB frames, BT.709 luma."""
    width, height = facts.stored_size
    if (frame.width, frame.height) != (width, height):
        frame = frame.reformat(width=width, height=height)
    if not _is_luma_first(frame) or (10 if frame.format.components[0].bits > 8 else 8) != facts.bits:
        deep = "10le" if facts.bits > 8 else ""
        if _is_rgb(frame):
            frame = frame.reformat(
                format="yuv444p", dst_colorspace="ITU709", dst_color_range="MPEG", src_color_range="JPEG"
            )
        else:
            same = "JPEG" if facts.colour_range == FULL_RANGE else "MPEG"
            frame = frame.reformat(format=f"yuv444p{deep}", src_color_range=same, dst_color_range=same)
    plane = frame.planes[0]
    sample = np.dtype(np.uint8 if facts.bits == 8 else "<u2")
    rows = np.frombuffer(plane, sample).reshape(plane.height, plane.line_size // sample.itemsize)
    return upright(rows[:, : frame.width], facts.display_matrix).copy()


def _colour_range(frame: av.VideoFrame) -> int:
    if _is_rgb(frame):
        return STUDIO_RANGE  # as `_luma` converts it
    if frame.format.name.startswith(("gray", "yuvj")) and not int(frame.color_range):
        return FULL_RANGE  # FFmpeg's own conversion assumes the same (libswscale/utils.c, handle_jpeg)
    return int(frame.color_range)
