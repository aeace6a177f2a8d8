"""What people look at: comparison sheets, curves of a training, hues, snapshots epoch by epoch."""

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
