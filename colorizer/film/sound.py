"""Re-encode sound that a container cannot hold, keeping its times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress

import av
from av.error import FFmpegError

_AAC, _OPUS = "aac", "libopus"
_RATE = 48_000
"""Samples per second if the encoder does not support the film's own rate."""
_LAYOUTS = {1: "mono", 2: "stereo"}
"""Layouts by number of channels, because encoders need a layout that a film may not specify."""
_BITS_OF_CHANNEL = 96_000
"""Bits per second and channel: more than either codec needs for the speech and music of old films."""


def added_anew(out: av.container.OutputContainer, stream: av.AudioStream) -> av.AudioStream | None:
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


def encoded_anew(packets: Iterator[av.Packet], anew: Mapping[int, av.AudioStream]) -> Iterator[tuple[av.Packet, int]]:
    """Yield packets with the index of their source stream, re-encoding those of the streams in `anew`.

    Packets of these streams that cannot be decoded are dropped.

    Args:
        packets: Packets of all streams.
        anew: Output streams for re-encoded sound, by source stream index.
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
