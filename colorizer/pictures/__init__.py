"""Pictures for the user: comparison sheets, training curves, hue plots, snapshots of each epoch."""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "sheets": [
            "SheetWriter",
            "Snapshots",
            "comparison",
            "save_row",
            "save_strip",
            "thumbnail",
        ],
        "plots": [
            "save_curves",
            "save_gradients",
            "save_hues",
        ],
    },
)
