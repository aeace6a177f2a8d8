"""Looking inside a network: what each layer is and sees, what it makes of a photo, and where it is wrong.

`viewing` is a photo as the network sees it; `graph` says how its layers hang together. `layers` is the table of them,
`activations` what they make of photos, `filters` what excites them most. `attribution` says why a place is coloured as
it is, `hiding` checks that, `regions` are the places. `doubt` is where the network is unsure, `errors` where it is
wrong.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "viewing": ["ViewedPhoto", "view"],
        "layers": ["LayerFacts", "layer_table"],
        "graph": ["resolution_layers"],
        "activations": ["ChannelCensus", "Channels", "count_silent_channels", "strongest_channels"],
        "filters": ["FilterPattern", "filter_patterns"],
        "regions": ["Region", "colourful_regions", "region_around"],
        "attribution": ["Attribution", "attribute"],
        "hiding": ["Hiding", "hide_marked"],
        "doubt": ["Reliability", "doubt", "reliability"],
        "errors": ["ColourGroup", "chroma_error", "errors_by_colour"],
    },
)
