"""Pictures for the user: comparison sheets, training curves, hue plots, snapshots of each epoch."""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "sheets": ["SheetWriter", "comparison", "thumbnail"],
        "curves": ["save_curves"],
        "gradients": ["save_gradients"],
        "hues": ["save_hues"],
        "snapshots": ["Snapshots"],
        "strips": ["save_row", "save_strip"],
    },
)
