"""Build, load, save and draw networks, and choose the devices they run on.

- `network` defines the networks that the rest of the program uses, and the colors that classifying ones choose from.
- `architectures` builds networks of stock layers, on `encoders` pretrained on ImageNet, and draws them.
- `model_files` loads and saves them. `model_kinds` identifies files of other kinds, `clean_copy` copies files from
  elsewhere in a child process, and `screening` allows only stock layers.
- `engines` computes predictions with Keras, or with LiteRT, which starts without TensorFlow. `conversion` creates files
  for LiteRT, and `converted` stores them.
- `devices` chooses the devices.
"""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "network": ["Network"],
        "model_kinds": ["refuse_other_kinds"],
        "architectures": ["build", "draw", "is_classifier", "receptive_field", "summary"],
        "model_files": ["PRETRAINED", "load", "load_converted", "load_model", "save", "save_compact", "save_weights"],
        "engines": ["KerasEngine", "LiteRTEngine"],
        "conversion": ["can_be_kept", "keep_converted"],
        "encoders": ["encoder_blocks", "is_pretrained", "layers_from", "photo_features"],
        "devices": ["has_unused_gpu", "prepare_devices"],
    },
)
