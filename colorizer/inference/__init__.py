"""Photos through a network, at their own size.

`colorize` takes one photo or many through a network, which makes its `proposal`; `full_size` joins the proposed colours
with the photo's own luma. `hints` are what a person knows of a photo's colours, read from a `hints_file`; `spreading`
says how far each reaches and `gates` how far that is believed, `hinted` is a photo set once that answers many, and
`likeliest` tells the colours that a place of it may have had.
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
