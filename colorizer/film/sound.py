"""Sound that a container cannot hold as the film has it: decoded, and encoded anew at the same times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

import av
from av.error import FFmpegError

_AAC, _OPUS = "aac", "libopus"
_RATE = 48_000
"""Samples a second where the encoder does not take the film's own rate."""
_LAYOUTS = {1: "mono", 2: "stereo"}
"""Of so many channels, which a film need not name, and encoders must know."""
_BITS_OF_CHANNEL = 96_000
"""A second: more than either codec needs for speech and music of old films."""


def added_anew(out: av.container.OutputContainer, stream: av.AudioStream) -> av.AudioStream | None:
    """Add a stream that sound is encoded into anew, Opus for WebM and AAC elsewhere; None for sound of a codec that is
    unknown here.
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


def encoded_anew(packets: Iterator[av.Packet], anew: Mapping[int, av.AudioStream]) -> Iterator[tuple[av.Packet, int]]:
    """Yield packets with the number of the stream they are from; those of the streams in `anew` are encoded into the
    streams given there. What of them cannot be decoded is left out.
    """
    for packet in packets:
        number = packet.stream.index
        if number not in anew:
            yield packet, number
            continue
        frames = ()
        with suppress(FFmpegError):
            frames = packet.decode()
        for frame in frames:
            yield from ((each, number) for each in anew[number].encode(frame))
    for number, stream in anew.items():
        yield from ((each, number) for each in stream.encode(None))
