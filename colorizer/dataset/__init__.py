"""Many photos: found, unpacked, checked, divided, and made into batches.

`find` lists files, `archive` unpacks a zip, `check` decodes each file once and sorts it (`findings` remembers what it
was), `split` divides what is fine, `shards` what several processes share out, `batches` feeds it to a training, each
photo `prepared` once. `object_store` has folders that stand in for those of S3, `default_photos` those that ship with
scikit-image.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "find": ["Dataset", "find_files", "gather"],
        "archive": ["holds", "is_archive", "unpack"],
        "check": ["DatasetCheck", "check_photos", "colour_format"],
        "object_store": ["Place", "address", "stood_in"],
        "shards": ["Shard"],
        "split": ["Split", "choose_photos", "split_photos"],
        "batches": ["PhotoBatches"],
        "default_photos": ["fill_default_dataset", "holds_only_samples", "true_colours"],
    },
)
