"""What people look at: comparison sheets, curves of a training, hues, snapshots epoch by epoch."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "sheets": ["SheetWriter", "comparison", "thumbnail"],
        "curves": ["save_curves"],
        "hues": ["save_hues"],
        "snapshots": ["Snapshots"],
        "strips": ["save_row", "save_strip"],
    },
)
