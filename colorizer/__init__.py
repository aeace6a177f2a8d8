"""Colorize black-and-white photographs, and train the networks that do it.

A map of the subpackages, each resting on those below it:

========================  ==========================================================
`colorizer.console`       the driver for a terminal, a pipe or a notebook
`colorizer.studio`        the driver for a browser: one page
`colorizer.runs`          use cases: colorize into a folder, train and keep, evaluate
`colorizer.conversation`  questions, answers, flags
`colorizer.pictures`      sheets, curves, snapshots
`colorizer.inspection`    looking inside a network: what it has learned, and why
`colorizer.evaluation`    scores beside the gray baseline
`colorizer.training`      a network trained, phase by phase
`colorizer.film`          films: decoded, steadied, encoded
`colorizer.inference`     photos through a network, at their own size
`colorizer.dataset`       photos found, checked, divided, made into batches
`colorizer.network`       networks built, loaded, saved
`colorizer.photos`        one photo: read, written, colour arithmetic
========================  ==========================================================

Names are loaded when they are first used: importing the package starts no TensorFlow.

Examples:
    >>> from colorizer import Adjustment, colorize_photo, load_model
    >>> network = load_model()  # the model that ships with the program; or load_model("my/model.h5")
    >>> colorize_photo("grandmother.jpg", network).save("grandmother-in-colour.jpg")
    >>> livelier = colorize_photo("grandmother.jpg", network, Adjustment(vividness=1.5))
"""

from colorizer.faces import attach

__version__ = "0.2.0"

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "errors": ["ColorizeError"],
        "inference": ["Adjustment", "Hint", "Rectangle", "Scribble", "colorize_photo"],
        "network": ["load_model"],
    },
)
