"""Colorize black-and-white photographs, and train the networks that do it.

The subpackages, each of which imports only from those below it:

========================  ==========================================================
`colorizer.console`       interface for a terminal, a pipe or a notebook
`colorizer.studio`        interface for a browser: one page
`colorizer.api`           functions for Python programs
`colorizer.runs`          use cases: colorize into a folder, train and save, evaluate
`colorizer.conversation`  questions, answers, flags
`colorizer.pictures`      sheets, curves, snapshots
`colorizer.inspection`    looking inside a network: what it has learned, and why
`colorizer.evaluation`    scores next to the gray baseline
`colorizer.training`      training, phase by phase
`colorizer.film`          films: decode, keep colors steady, encode
`colorizer.inference`     run photos through a network, at their own size
`colorizer.dataset`       find, check, split and batch photos
`colorizer.network`       build, load and save networks
`colorizer.photos`        read and write single photos, color arithmetic
========================  ==========================================================

Names are loaded on first use, so importing the package does not start TensorFlow.

Examples:
    >>> from colorizer import colorize_folder, colorize_photo, load_model
    >>> network = load_model()  # the model that ships with the program; or load_model("my/model.h5")
    >>> colorize_photo("grandmother.jpg", network, vividness=1.5).save("grandmother-in-color.jpg")
    >>> colorize_folder("my old photos", "in color", model=network)
"""

from colorizer.libraries import attach

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "errors": ["ColorizeError"],
        "inference": ["Adjustment", "Hint", "Rectangle", "Scribble"],
        "api": ["colorize_film", "colorize_folder", "colorize_photo", "load_model"],
    },
)
