"""One photo: read, written, and the arithmetic of its colors.

`reading` decodes any source, `writing` writes a picture under the name and with the metadata of its photo; `photo`
defines both, `pages` counts the pages of a file. `color` has luma, chroma and gamut, `tones` finds gray and faded
photos, `toning` those in color, `palette` the colors of a GIF. `exif`, `metadata` and `profiles` read what else a file
says; `repair` mends damage, `cut_off` completes files whose end is missing. `formats` lists what can be read and
written, `raw` and `tiff` decode cameras' raw photos and TIFFs, `kinds` names files that cannot be read, `memory` is
Pillow's setting for the whole process.
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
