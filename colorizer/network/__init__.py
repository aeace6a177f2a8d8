"""Networks: built, loaded, saved, drawn, and the devices they run on.

`architectures` builds them of stock layers, on `encoders` that learned from ImageNet. `model_files` loads and saves
them: `model_kinds` names files of other kinds, `clean_copy` copies what comes from elsewhere in a child process, and
`screening` allows only stock layers. `engines` compute them with Keras, or with LiteRT, which needs no TensorFlow to
start: `conversion` makes its files, and `converted` keeps them. `drawing` shows networks; `devices` chooses what they
run on; `chroma_bins` are the colors a classifying network chooses from.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "network": ["Network"],
        "model_kinds": ["refuse_other_kinds"],
        "architectures": ["build", "is_classifier"],
        "model_files": ["PRETRAINED", "load", "load_converted", "load_model", "save", "save_compact", "save_weights"],
        "engines": ["KerasEngine", "LiteRTEngine"],
        "conversion": ["can_be_kept", "keep_converted"],
        "drawing": ["draw", "receptive_field", "summary"],
        "encoders": ["encoder_blocks", "is_pretrained", "layers_from", "photo_features"],
        "devices": ["has_unused_gpu", "prepare_devices"],
    },
)
