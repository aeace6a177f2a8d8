"""Use cases: each takes a job, returns a result and reports progress by callback. Nothing here asks or prints.

`colorize`, `evaluate` and `train` do the work and save it in the `folders` of a run, under the `names` of its photos.
`specification` stores what an interrupted training needs to resume, and a `journal` records what is done. Every driver
(the terminal, a page, a Python caller) uses these modules.
"""

from colorizer.libraries import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "folders": [
            "Run",
            "earlier_run",
            "latest_model",
            "model_of_run",
            "new_run",
            "refuse_finished",
            "reserved_run",
            "run_in",
            "taken",
        ],
        "colorize": [
            "ColorizeJob",
            "ColorizeResult",
            "colorize_photos",
            "how_made",
        ],
        "evaluate": [
            "EvaluateJob",
            "SavedEvaluation",
            "save_evaluation",
            "score_photos",
        ],
        "film": [
            "FilmJob",
            "FilmResult",
            "colorize_film",
            "refuse_other_film",
        ],
        "journal": [
            "CHECK",
            "EVALUATION",
            "MANIFEST",
            "appended",
            "is_begun",
            "journal_path",
            "missing_shards",
        ],
        "inspect": [
            "INSPECTED_PHOTOS",
            "InspectJob",
            "InspectResult",
            "inspect_network",
        ],
        "train": [
            "TrainJob",
            "TrainResult",
            "TrainedEvaluation",
            "begin_training",
            "colorize_test_photos",
            "evaluate_trained",
            "finish",
            "train_and_keep",
            "train_and_save",
            "with_batch_size",
        ],
        "specification": [
            "RunSpecification",
            "fine_tuning_settings",
            "finished_epochs",
            "learned_from",
            "read_specification",
            "write_specification",
        ],
    },
)
