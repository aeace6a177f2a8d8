"""Photos through a network, at their own size.

`colorize` takes one photo or many through a network; `full_size` joins the colours it proposes with the photo's own
luma.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "colorize": [
            "AS_MEANT",
            "Adjustment",
            "Colorized",
            "Failure",
            "colorize_all",
            "colorize_decoded",
            "colorize_files",
            "colorize_photo",
        ],
        "full_size": ["join"],
    },
)
