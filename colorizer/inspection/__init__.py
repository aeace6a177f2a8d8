"""Inspect a network: what each layer is and sees, what it does with a photo, and where it is wrong.

`viewing` holds a photo as the network sees it. `layers` is the table of layers: how they are connected and what they
put out on photos. `filters` shows what excites their channels most. `attribution` explains the color of a place and
tests the explanation. `uncertainty_map` measures where the network is uncertain and where it is wrong.
"""

from colorizer.libraries import attach

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
        "uncertainty": [
            "ColourGroup",
            "Reliability",
            "chroma_error",
            "errors_by_colour",
            "reliability",
            "uncertainty_map",
        ],
    },
)
