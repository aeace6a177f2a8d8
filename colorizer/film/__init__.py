"""A moving picture in colour, frame by frame and without flicker.

`reading` decodes a film's frames one after another, `writing` encodes colour ones, and `joining` brings encoded parts
together with the film's own sound, subtitles and chapters; `sound` encodes anew what a container cannot hold. In
between `proposals` sends frames through a network: `flow` says where each place was a frame ago, `cuts` where a scene
begins, `steady` blends the colours of a moment ago with the new proposal, and `riding` carries a person's hints through
their scene; `peeking` does so for a single frame.
`orientation` turns frames upright and back, `chroma_planes` has the arithmetic of a film's chroma, `hints_file` the
hints with their times, `segments` what is kept so that a stopped film goes on, and `animations` and `animated` the
films that are pictures: GIF, WebP and PNG.
`viewing` looks through a finished film, for stills and for one that shows before and after; `measures` says how steady
a film's colours are.

It needs PyAV and OpenCV, the extra "film"; `containers` can say without them that they are missing, and which names
are those of films.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "reading": ["FilmFacts", "Frame", "examine_film", "read_frames"],
        "proposals": ["ColourFrame", "colour_frames"],
        "hints_file": ["TimedHints", "film_hints"],
        "encoding": ["CODECS", "MOST_LOSS", "VISUALLY_LOSSLESS", "Encoding"],
    },
)
