"""Open photos: decoded, with the network's prediction, so that a hint is answered immediately."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

import numpy as np

from colorizer.errors import ColorizeError
from colorizer.inference.colorize import Adjustment
from colorizer.inference.hinted import HintedPhoto
from colorizer.inference.hints import AnyHint
from colorizer.inference.proposal import propose
from colorizer.network.network import Network
from colorizer.photos.photo import Photo, Picture
from colorizer.photos.toning import tonal_range
from colorizer.settings import PhotoLimits

MOST_PHOTOS, MOST_PIXELS = 12, 80_000_000
"""Maximum number of open photos and of their pixels, but the last one always stays; a pixel takes four to ten bytes."""


class SetPhoto:
    """A decoded photo with its prediction, computed once; used by one thread at a time."""

    def __init__(self, photo: Photo, network: Network, limits: PhotoLimits):
        self.photo = photo
        self._network, self._limits = network, limits
        self._offset = propose(network, [photo], limits)[0]
        if not np.isfinite(self._offset).all():
            raise ColorizeError("The colours this model proposes are no numbers; choose another model.")
        self._hinted: tuple[Adjustment, HintedPhoto] | None = None
        self._picture: tuple[tuple, Picture] | None = None

    @property
    def pixels(self) -> int:
        return self.photo.width * self.photo.height

    def hinted(self, adjustment: Adjustment) -> HintedPhoto:
        """Return the photo with adjusted colors; the last result is cached."""
        if self._hinted is None or self._hinted[0] != adjustment:
            square = self.photo.square(self._network.size)
            tones = tonal_range(square, self._limits) if adjustment.restore_contrast else (0.0, 1.0)
            offset = self._offset * np.float32(adjustment.vividness)
            self._hinted = adjustment, HintedPhoto(self.photo, offset, tones, self._network)
        return self._hinted[1]

    def picture(self, hints: tuple[AnyHint, ...], adjustment: Adjustment) -> Picture:
        """Return the colorized photo at its own size; the last result is cached."""
        wanted = hints, adjustment
        if self._picture is None or self._picture[0] != wanted:
            self._picture = None  # free it before the next one takes as much memory
            self._picture = wanted, self.hinted(adjustment).picture(hints)
        return self._picture[1]


class Set(Protocol):
    """An item that can be kept open: a photo, or a frame of a film."""

    @property
    def pixels(self) -> int: ...


AnySet = TypeVar("AnySet", bound=Set)


class SetPhotos:
    """Thread-safe cache of the most recently used photos and film frames."""

    def __init__(self) -> None:
        self._set: OrderedDict[tuple[str, float], Set] = OrderedDict()
        self._busy: dict[str, threading.Lock] = {}
        self._lock = threading.Lock()

    @contextmanager
    def use(self, id_: str, make: Callable[[], AnySet], time: float = 0.0) -> Iterator[AnySet]:
        """Yield an open photo, or the film frame requested by this time, exclusively to the calling thread.

        `make` creates it if it is not open yet. Raises ColorizeError as `make` does.
        """
        with self._lock:
            busy = self._busy.setdefault(id_, threading.Lock())
        with busy:
            with self._lock:
                photo = self._set.get((id_, time))
            if photo is None:
                photo = make()
            with self._lock:
                self._set[id_, time] = photo
                self._set.move_to_end((id_, time))
                while len(self._set) > MOST_PHOTOS or (
                    len(self._set) > 1 and sum(kept.pixels for kept in self._set.values()) > MOST_PIXELS
                ):
                    self._set.popitem(last=False)
            yield photo

    def forget(self, id_: str) -> None:
        """Release a photo, or all frames of a film."""
        with self._lock:
            for key in [key for key in self._set if key[0] == id_]:
                del self._set[key]
            self._busy.pop(id_, None)
