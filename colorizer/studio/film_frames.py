"""Single frames of a film for the page: gray, and with predicted and hinted colors."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from colorizer.errors import ColorizeError
from colorizer.film.decode import FilmFacts, Frame, examine_film
from colorizer.film.encode import gray_levels
from colorizer.film.hints_file import TimedHints
from colorizer.film.stills import change_elsewhere, frame_at, seconds_of
from colorizer.inference.hinted import HintedPhoto
from colorizer.inference.hints import AnyHint
from colorizer.inference.proposal import propose
from colorizer.network.network import Network
from colorizer.photos.color import CHROMA_TO_OFFSET, chroma
from colorizer.photos.photo import Photo
from colorizer.settings import PhotoLimits
from colorizer.studio.storage import SessionPhoto

_SAME_TIME = 0.0005
"""Maximum difference of equal times, in seconds; frames are farther apart."""
_TYPICAL = 0.1
"""Share of a film's length after which it usually shows more than black or a title."""


class OpenFrame:
    """A frame of a film with its prediction, computed once; used by one thread at a time."""

    def __init__(self, network: Network, facts: FilmFacts, frame: Frame):
        self.photo = Photo(Image.fromarray(gray_levels(frame.luma, facts)))
        self.seconds = seconds_of(frame, facts)
        """Time at which it is shown, in seconds since the film's first frame."""
        self._network, self._facts, self._frame = network, facts, frame
        self._proposed = chroma(propose(network, [self.photo]))[0]
        if not np.isfinite(self._proposed).all():
            raise ColorizeError("The model returned colors that are not numbers. Choose another model.")
        self._hinted: tuple[tuple, HintedPhoto] | None = None
        self._picture: tuple[tuple, Image.Image] | None = None

    @property
    def pixels(self) -> int:
        return self.photo.width * self.photo.height

    def hinted(self, said: TimedHints | None = None, vividness: float = 1.0) -> HintedPhoto:
        """Return the frame with the changes by hints on other frames of its scene; the last result is cached."""
        elsewhere = {time: hints for time, hints in (said or {}).items() if not self._is_here(time)}
        wanted = elsewhere, vividness
        if self._hinted is None or self._hinted[0] != wanted:
            change = change_elsewhere(self._network, self._facts, self._frame, elsewhere, vividness)
            colours = self._proposed * np.float32(vividness) + change
            self._hinted = wanted, HintedPhoto(self.photo, colours @ CHROMA_TO_OFFSET, network=self._network)
        return self._hinted[1]

    def preview(self, said: TimedHints, vividness: float) -> Image.Image:
        """Return a preview of the colorized frame, as `HintedPhoto.preview` does. Raises ColorizeError."""
        return self.hinted(said, vividness).preview(self._own(said))

    def picture(self, said: TimedHints, vividness: float) -> Image.Image:
        """Return the colorized frame at its own size; the last result is cached. Raises ColorizeError."""
        wanted = said, vividness
        if self._picture is None or self._picture[0] != wanted:
            self._picture = None  # free it before the next one takes as much memory
            self._picture = wanted, self.hinted(said, vividness).picture(self._own(said)).image
        return self._picture[1]

    def _own(self, said: TimedHints) -> tuple[AnyHint, ...]:
        return tuple(hint for time, hints in said.items() if self._is_here(time) for hint in hints)

    def _is_here(self, time: float) -> bool:
        return abs(time - self.seconds) < _SAME_TIME


def open_frame(network: Network, facts: FilmFacts, seconds: float) -> OpenFrame:
    """Decode and predict the frame at a time, in seconds since the film's first frame. Raises ColorizeError."""
    frame = frame_at(facts, seconds)
    if frame is None:
        raise ColorizeError(f"No frame of {facts.path} can be decoded.")
    return OpenFrame(network, facts, frame)


def examined(photo: SessionPhoto, network: Network, limits: PhotoLimits) -> tuple[OpenFrame, FilmFacts]:
    """Return a typical frame of a film with its prediction, and the film's facts.

    Raises ColorizeError if the file is not a film.
    """
    facts = examine_film(photo.path, limits)
    return open_frame(network, facts, facts.seconds * _TYPICAL), facts


def told(facts: FilmFacts) -> dict[str, Any]:
    """Return the fields of `SessionFilm` that come from a film's facts."""
    return {"seconds": facts.seconds, "rate": float(facts.rate), "frames": facts.frames, "sound": facts.sound}
