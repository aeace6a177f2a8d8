"""Colorize films frame by frame, without flicker.

`reading` decodes the frames of a film, `writing` encodes the colorized ones, and `joining` combines the encoded parts
with the film's own sound, subtitles and chapters. `sound` re-encodes sound that a container cannot hold. In between,
`proposals` runs frames through a network: `flow` estimates the motion since the previous frame, `cuts` detects where
scenes begin, `steady` blends the colors of the previous frame with the new prediction, and `riding` propagates the
user's hints through their scene. `peeking` does the same for a single frame.

`orientation` turns frames upright and back, `chroma_planes` holds the arithmetic of a film's chroma, and `hints_file`
reads hints with their times. `segments` stores the state from which a stopped film resumes. `animations` and `animated`
handle animated pictures: GIF, WebP and PNG. `viewing` reads a finished film, for stills and for a before-and-after
film. `measures` measures how stable a film's colors are.

The package needs PyAV and OpenCV, the extra "film". `containers` works without them: it reports if they are missing,
and lists the file name suffixes of films.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "reading": [
            "FilmFacts",
            "Frame",
            "examine_film",
            "read_frames",
        ],
        "proposals": [
            "ColourFrame",
            "colour_frames",
        ],
        "propagation": [
            "TimedHints",
            "film_hints",
        ],
        "containers": [
            "CODECS",
            "Encoding",
            "MOST_LOSS",
            "VISUALLY_LOSSLESS",
        ],
    },
)
