"""Photos through a network, at their own size.

`colorize` takes one photo or many through a network, which makes its `proposal`; `full_size` joins the proposed colors
with the photo's own luma. `hints` are the colors that people give to places, read from a `hints_file`. `hinted` holds a
photo that is set once and answers many hints, which `spreading` spreads over their objects. `likeliest` proposes colors
for a place.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
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
        "hints": ["AnyHint", "Hint", "Rectangle", "Scribble"],
        "hints_file": ["Palette", "find_hints", "hints_beside", "read_hints", "read_palette", "save_palette"],
        "likeliest": ["likeliest_colours"],
        "hinted": ["HintedPhoto", "set_photo"],
        "full_size": ["join"],
    },
)
