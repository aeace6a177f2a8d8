"""Read and write a single photo, and compute with its colors.

- `reading` decodes any source and counts its pages. `writing` saves a picture under the name and with the
  metadata of its photo. `photo` defines both.
- `color` holds luma, chroma and gamut; `toning` finds photos that are gray, faded, toned or in color.
- `metadata` and `profiles` read the other information in a file.
- `repair` removes damage. `cut_off` completes files whose end is missing.
- `formats` lists the formats that can be read and written, and identifies files that cannot be read. `deep` and `tiff`
  decode camera raw photos, 16-bit samples and TIFFs; `jpeg` decodes and encodes JPEGs.
- `memory` sets Pillow's memory options for the whole process.
"""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "photo": [
            "Photo",
            "Picture",
        ],
        "reading": [
            "examine",
            "read_photo",
            "read_square",
        ],
        "writing": [
            "write_photo",
        ],
        "color": [
            "chroma",
            "colourfulness",
            "luma",
            "merge",
        ],
        "formats": [
            "named_format",
        ],
        "toning": [
            "is_gray",
            "tonal_range",
        ],
    },
)
