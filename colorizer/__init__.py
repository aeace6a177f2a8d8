"""Colorize black-and-white photographs, and train the networks that do it.

    from colorizer import colorize_photo, load_model
    colorize_photo("grandmother.jpg", load_model()).save("grandmother-in-colour.jpg")

`colorize_photo(..., Adjustment(vividness=1.5))` makes it more colourful. `load_model(path)` takes any model this
program saved; without a path it is the one that ships with the program.
"""

from typing import TYPE_CHECKING

from colorizer.settings import ColorizeError

if TYPE_CHECKING:
    from colorizer.colorization import Adjustment, colorize_photo, load_model

__all__ = ["Adjustment", "ColorizeError", "colorize_photo", "load_model"]


def __getattr__(name: str):
    # Importing the package must not start TensorFlow; asking for what needs it does.
    if name in ("Adjustment", "colorize_photo", "load_model"):
        from colorizer import colorization

        return getattr(colorization, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
