"""Colorize films frame by frame, without flicker.

`decode` reads the frames of a film and turns them upright. `proposals` runs them through a network and blends the new
prediction with the colors of the previous frame. `motion` estimates the motion since the previous frame and detects
where scenes begin. `hints_file` reads hints with their times, and `propagation` moves them through their scene.
`encode` computes the chroma of the colorized frames and writes them in parts. `joining` combines the parts with the
film's own sound, subtitles and chapters, and stores the state from which a stopped film resumes. `animations` handles
animated pictures: GIF, WebP and PNG. `stills` colorizes single frames, and takes stills and before-and-after films of a
finished film.

The package needs PyAV and OpenCV, the extra "film". `containers` and `hints_file` work without them: the former
reports if they are missing, and lists the file name suffixes of films.
"""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "decode": [
            "FilmFacts",
            "Frame",
            "examine_film",
            "read_frames",
        ],
        "proposals": [
            "ColourFrame",
            "colour_frames",
        ],
        "hints_file": [
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
