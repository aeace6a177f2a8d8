"""Colorize photos with a network, at their original size.

`colorize` runs one or many photos through a network. `proposal` holds the network's prediction, and `full_size`
combines the predicted colors with the photo's own luma. `hints` are colors that users assign to places; `hints_file`
reads them. `hinted` prepares a photo once and then applies many sets of hints, which `spreading` extends over their
objects. `likeliest` suggests colors for a place. `references` takes colors from photos that show the same things.
"""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "colorize": [
            "AS_MEANT",
            "Adjustment",
            "Colorized",
            "Failure",
            "PhotoTask",
            "colorize_all",
            "colorize_decoded",
            "colorize_files",
            "colorize_photo",
        ],
        "hints": ["AnyHint", "Hint", "Rectangle", "Scribble"],
        "hints_file": ["Palette", "find_hints", "hints_beside", "read_hints", "read_palette", "save_palette"],
        "likeliest": ["likeliest_colours"],
        "references": ["References", "find_references", "prepare_references", "with_references"],
        "hinted": ["HintedPhoto", "set_photo"],
        "full_size": ["join"],
    },
)
