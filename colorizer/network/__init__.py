"""Networks: built, loaded, saved, looked at, and the devices they run on.

`architectures` builds them of stock layers, on `encoders` that learned from ImageNet; `model_files` loads and saves
them, and `screening` looks into a file before Keras does. `engines` compute them: Keras, or LiteRT, which needs no
TensorFlow to start, for those that `conversion` has made into what `converted` reads and keeps. `drawing` shows them;
`devices` says on what and in which numbers they compute; `chroma_bins` are what a classifying one chooses from.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "network": ["Network"],
        "architectures": ["build", "is_classifier"],
        "model_files": ["PRETRAINED", "load", "load_converted", "load_model", "save", "save_compact", "save_weights"],
        "engines": ["KerasEngine", "LiteRTEngine"],
        "conversion": ["can_be_kept", "keep_converted"],
        "drawing": ["draw", "receptive_field", "summary"],
        "encoders": ["encoder_blocks", "is_pretrained", "layers_from", "photo_features"],
        "devices": ["has_unused_gpu", "prepare_devices"],
        "screening": ["screen"],
    },
)
