"""Questions of a training: photos, network, settings, and what to save."""

from __future__ import annotations

from colorizer.conversation.question import (
    EVALUATE,
    TRAIN,
    Question,
    existing_folder,
    existing_path,
    menu,
    numbered,
    one_of,
    parser_of,
    weights_file,
    whole_number,
    yes_or_no,
)
from colorizer.settings import (
    ADVERSARIAL_TRAINING,
    ARCHITECTURES,
    BOOK_SIZE,
    FINE_TUNING,
    FROM_SCRATCH,
    LOSSES,
    MAXIMUM_COUNT,
    PROPOSED_ARCHITECTURE,
    PROPOSED_SIZE,
    AdversarialSettings,
    ModelSettings,
    TrainingSettings,
)

REGRESSION, ADVERSARIAL = "regression", "adversarial"
_training, _adversarial = TrainingSettings(), ADVERSARIAL_TRAINING.adversarial
TRAIN_COUNT = Question(
    "--train-count",
    "photos to train with, two of ten for validation",
    whole_number(2, MAXIMUM_COUNT),
    (TRAIN,),
    "How many photos to train with? (2 of every 10 are held back for validation)",
    shown_default="all that are not tested on",
)
TEST_COUNT = Question(
    "--test-count",
    "photos to test on afterwards",
    whole_number(1, MAXIMUM_COUNT),
    (TRAIN,),
    "How many photos to test on afterwards?",
    shown_default="a tenth, at most 200",
)
EPOCHS = Question(
    "--epochs",
    "times the training goes over all its photos; 0 begins with the adversarial phase, of a loaded model",
    parser_of(TrainingSettings, "epochs"),
    (TRAIN,),
    "For how many epochs? (one epoch goes once over all training photos)",
    shown_default=f"{FROM_SCRATCH.epochs} for a new network, {FINE_TUNING.epochs} for a loaded model",
    setting="settings.epochs",
)
START = Question(
    "--start",
    "create a new model or load one",
    one_of(numbered(("create", "load"))),
    (TRAIN,),
    menu(
        "Create a new model or load one to continue from?",
        {"create": "a network that knows nothing yet", "load": "one that is trained, such as the one that ships"},
    ),
    shown_default="load the model that ships for fewer than 2,000 photos, unless a new network is described",
)
ARCHITECTURE = Question(
    "--architecture",
    f"network to create: {', '.join(ARCHITECTURES)}",
    one_of(numbered(ARCHITECTURES)),
    (TRAIN,),
    menu("Which network?", ARCHITECTURES),
    default=PROPOSED_ARCHITECTURE,
    setting="model.architecture",
)
ENCODER_WEIGHTS = Question(
    "--encoder-weights",
    "weights of the encoder of mobilenet_unet or resnet18_unet: a file of ImageNet weights, imagenet (download them), "
    "shipped (the encoder of the shipped model, mobilenet_unet only) or random; MobileNetV2's for --kid",
    weights_file,
    (TRAIN, EVALUATE),
    shown_default="shipped for mobilenet_unet, imagenet otherwise",
    setting="model.encoder_weights",
)
RANDOM_ENCODER = Question(
    "--random-encoder",
    "go on with an encoder that knows nothing where ImageNet weights cannot be had",
    yes_or_no,
    (TRAIN,),
    "Go on with an encoder that knows nothing? (yes/no)",
    "no",
)
TRAINING = Question(
    "--training",
    "regression (nearest to the true colours) or adversarial (then against a discriminator, for livelier ones)",
    one_of(numbered((REGRESSION, ADVERSARIAL))),
    (TRAIN,),
    menu(
        "Which training?",
        {
            REGRESSION: "as near to the true colours as can be; dull where they are unsure",
            ADVERSARIAL: "the same, then against a discriminator that tells true colours from made ones; livelier",
        },
    ),
    default=REGRESSION,
)
ADVERSARIAL_EPOCHS = Question(
    "--adversarial-epochs",
    "epochs of the adversarial phase, after the others",
    parser_of(AdversarialSettings, "epochs"),
    (TRAIN,),
    "For how many epochs shall the training go on against the discriminator?",
    default=str(_adversarial.epochs),
    setting="settings.adversarial.epochs",
)
MONITOR = Question(
    "--monitor",
    "figure that chooses the epoch to keep: loss, accuracy, val_loss, val_accuracy, or none for the last; an "
    "adversarial phase has its own",
    one_of(
        {
            "loss": "loss",
            "accuracy": "accuracy",
            "val_loss": "val_loss",
            "val_accuracy": "val_accuracy",
            "acc": "accuracy",
            "val_acc": "val_accuracy",
            "none": "none",
        }
    ),
    (TRAIN,),
    "Save the best model while training? By which figure?\n"
    "  (loss, accuracy, val_loss, val_accuracy; none keeps the last epoch)",
    default=_training.monitor,
    setting="settings.monitor",
)
SAVE_MODEL = Question(
    "--save-model", "save the trained model", yes_or_no, (TRAIN,), "Save the trained model? (yes/no)", "yes"
)
SHOW_GRAPHS = Question(
    "--show-graphs",
    "show the graphs of losses, accuracies and learning rate (they are saved in any case)",
    yes_or_no,
    (TRAIN,),
    "Show the graphs of losses, accuracies and learning rate? (yes/no)",
    "no",
)
SAVE_RESULTS = Question(
    "--save-results",
    "save the colorized test photos and comparison sheets",
    yes_or_no,
    (TRAIN,),
    "Colorize the test photos afterwards, with comparison sheets? (yes/no)",
    "yes",
)
SIZE = Question(
    "--size",
    "side of the square the network works on",
    parser_of(ModelSettings, "size"),
    (TRAIN,),
    shown_default=f"{PROPOSED_SIZE}; {BOOK_SIZE} for book_unet",
    setting="model.size",
)
LEARNING_RATE = Question(
    "--learning-rate",
    "first step size of the optimizer",
    parser_of(TrainingSettings, "learning_rate"),
    (TRAIN,),
    shown_default=f"{FROM_SCRATCH.learning_rate:g} for a new network, {FINE_TUNING.learning_rate:g} for a loaded "
    f"model, {_training.learning_rate:g} with --training adversarial",
    setting="settings.learning_rate",
)
OPTIMIZER = Question(
    "--optimizer",
    "how the weights are changed in each step: adam, sgd (with momentum) or rmsprop",
    parser_of(TrainingSettings, "optimizer"),
    (TRAIN,),
    default=_training.optimizer,
    setting="settings.optimizer",
)
LOSS = Question(
    "--loss",
    "what regression minimizes: squared (mean squared error of RGB), absolute (mean absolute error) or log (the "
    "logarithm of each photo's mean squared error: decibels of PSNR)",
    one_of(
        LOSSES | {"mse": LOSSES["squared"], "mae": LOSSES["absolute"]} | {name: name for name in LOSSES.values()},
    ),
    (TRAIN,),
    shown_default="log, or the loss that a loaded model was trained with; absolute with --training adversarial",
    setting="settings.loss",
)
SCHEDULE = Question(
    "--schedule",
    "how the learning rate falls: plateau (when validation stops improving) or cosine (to nothing at the last epoch)",
    parser_of(TrainingSettings, "schedule"),
    (TRAIN,),
    shown_default=f"{FROM_SCRATCH.schedule}, or {_training.schedule} with --training adversarial",
    setting="settings.schedule",
)
AVERAGE = Question(
    "--average",
    "momentum of a moving average of the weights, which is then kept; 0.998 averages over some 500 steps, 0 is off",
    parser_of(TrainingSettings, "average"),
    (TRAIN,),
    default=str(FROM_SCRATCH.average),
    setting="settings.average",
)
RESUME = Question(
    "--resume",
    "interrupted training to go on with: its folder under OUTPUT/models",
    existing_folder,
    (TRAIN,),
    shown_default="a new training",
)
SETTINGS = Question(
    "--settings",
    "JSON or TOML file with settings, such as the model.json beside a model: docs/FLAGS.md lists them",
    existing_path((".json", ".toml")),
    (TRAIN,),
    shown_default="none",
)
