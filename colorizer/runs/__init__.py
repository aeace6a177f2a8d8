"""Use cases: one job in, one result out, progress by a callable; nothing here asks or prints.

`colorize`, `evaluate` and `train` do the work and leave it in the `folders` of a run, under the `names` of its
photos, the `pages` of one in one file; `specification` is what an interrupted training is taken up by. `shared` and
`shared_evaluation` are for photos that several processes share out, a `manifest` and other `journal`s for what is done
of them. Every driver
(the terminal, a page, a Python caller) uses these.
"""

from colorizer.faces import attach

__getattr__, __dir__, __all__ = attach(
    __name__,
    {
        "folders": [
            "Run",
            "earlier_run",
            "new_run",
            "reserved_run",
            "run_in",
            "latest_model",
            "model_of_run",
            "refuse_finished",
            "taken",
        ],
        "colorize": ["ColorizeJob", "ColorizeResult", "colorize_photos", "how_made"],
        "evaluate": ["EvaluateJob", "SavedEvaluation", "save_evaluation", "score_photos"],
        "film": ["FilmJob", "FilmResult", "colorize_film"],
        "journal": ["CHECK", "EVALUATION", "MANIFEST", "appended", "is_begun", "journal_path", "missing_shards"],
        "manifest": ["FINE", "Merged", "merge_manifest"],
        "shared": [
            "FAILED",
            "SharedJob",
            "begin",
            "check_portion",
            "colorize_portion",
            "given_up",
            "named_photos",
            "remaining",
        ],
        "shared_evaluation": ["SharedEvaluation", "evaluate_portion", "join_evaluation", "unscored"],
        "inspect": ["INSPECTED_PHOTOS", "InspectJob", "InspectResult", "inspect_network"],
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
        "recipe": ["fine_tuning_settings"],
        "record": ["learned_from"],
        "specification": ["RunSpecification", "finished_epochs", "read_specification", "write_specification"],
    },
)
