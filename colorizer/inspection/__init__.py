"""Inspect a network: what each layer is and sees, what it does with a photo, and where it is wrong.

`viewing` holds a photo as the network sees it, and `graph` analyzes how the layers are connected. `layers` is the table
of layers, `activations` shows their outputs on photos, and `filters` shows what excites them most. `attribution`
explains the color of a place, `hiding` tests the explanation, and `regions` holds the places. `doubt` measures where
the network is uncertain, `errors` where it is wrong.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "viewing": [
            "ViewedPhoto",
            "view",
        ],
        "layers": [
            "LayerFacts",
            "layer_table",
            "resolution_layers",
        ],
        "filters": [
            "ChannelCensus",
            "Channels",
            "FilterPattern",
            "count_silent_channels",
            "filter_patterns",
            "strongest_channels",
        ],
        "attribution": [
            "Attribution",
            "Hiding",
            "Region",
            "attribute",
            "colourful_regions",
            "hide_marked",
            "region_around",
        ],
        "errors": [
            "ColourGroup",
            "Reliability",
            "chroma_error",
            "doubt",
            "errors_by_colour",
            "reliability",
        ],
    },
)
