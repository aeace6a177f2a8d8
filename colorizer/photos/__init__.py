"""One photo: read, written, and the arithmetic of its colours.

`reading` decodes whatever is given, `writing` writes a picture under the name and with the metadata its photo had;
`photo` says what both are, `pages` which pages a file has. `color` has luma, chroma and gamut, `tones` what is gray or
faded, `toning` what is in colour, `palette` the colours of a GIF, `exif` and `profiles` what else a file says; `repair`
mends damage. `formats` lists what can be read and written, `raw` decodes cameras' raw photos, `kinds` says what a file
is that is no photo, `memory` is Pillow's setting for the whole process.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "photo": ["Photo", "Picture"],
        "reading": ["examine", "read_photo", "read_square"],
        "writing": ["write_photo"],
        "color": ["chroma", "colourfulness", "luma", "merge"],
        "formats": ["named_format"],
        "tones": ["is_gray", "tonal_range"],
    },
)
