"""Find, unpack, check and split many photos, and make batches of them.

- `find` lists files. `unpacking` unpacks a zip.
- `check` decodes each file once, sorts it and remembers the result.
- `split` divides usable photos into training, validation and test, and a list among several processes.
- `batches` feeds a training and keeps the decoded photos.
- `object_store` provides local stand-ins for folders in S3. `default_photos` provides the photographs that ship with
  scikit-image.
"""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "find": [
            "Dataset",
            "find_files",
            "gather",
        ],
        "unpacking": [
            "holds",
            "is_archive",
            "unpack",
        ],
        "check": [
            "DatasetCheck",
            "LeftOut",
            "check_photos",
            "colour_format",
        ],
        "object_store": [
            "Place",
            "address",
            "stood_in",
        ],
        "split": [
            "Shard",
            "Split",
            "choose_photos",
            "split_photos",
        ],
        "batches": [
            "Augmentation",
            "PhotoBatches",
        ],
        "default_photos": [
            "fill_default_dataset",
            "holds_only_samples",
            "true_colours",
        ],
    },
)
