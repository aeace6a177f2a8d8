"""Settings of a network and a training, built from the answers to their questions."""

from __future__ import annotations

from colorizer.conversation import questions as ask
from colorizer.conversation import research_settings as research
from colorizer.conversation import training_questions as ask_training
from colorizer.conversation.conversation import Conversation
from colorizer.settings import (
    BOOK_SIZE,
    IMAGENET_WEIGHTS,
    PROPOSED_ARCHITECTURE,
    PROPOSED_SIZE,
    SHIPPED_WEIGHTS,
    AdversarialSettings,
    AugmentationSettings,
    ModelSettings,
    TrainingSettings,
)

OF_A_NEW_NETWORK = (
    ask_training.ARCHITECTURE,
    ask_training.SIZE,
    ask_training.ENCODER_WEIGHTS,
    ask_training.RANDOM_ENCODER,
    research.FILTERS,
    research.DROPOUT,
    research.L2,
    research.HEAD,
    research.TEMPERATURE,
)
"""Questions that apply only to a new network."""


def model_settings(talk: Conversation, architecture: str) -> ModelSettings:
    """Return the settings of a new network."""
    weights = talk.answer(ask_training.ENCODER_WEIGHTS)
    if weights is None and architecture == PROPOSED_ARCHITECTURE:
        weights = SHIPPED_WEIGHTS
    return ModelSettings(
        architecture=architecture,
        size=talk.answer(ask_training.SIZE, default=BOOK_SIZE if architecture == "book_unet" else PROPOSED_SIZE),
        filters=talk.answer(research.FILTERS) or (),
        dropout=talk.answer(research.DROPOUT),
        l2=talk.answer(research.L2),
        head=talk.answer(research.HEAD),
        temperature=talk.answer(research.TEMPERATURE),
        encoder_weights="" if weights in (None, IMAGENET_WEIGHTS) else str(weights),
        seed=talk.answer(ask.SEED),
    )


def adversarial_settings(talk: Conversation) -> AdversarialSettings:
    """Return the settings of an adversarial phase."""
    return AdversarialSettings(
        epochs=talk.answer(ask_training.ADVERSARIAL_EPOCHS),
        loss=talk.answer(research.ADVERSARIAL_LOSS),
        l1_weight=talk.answer(research.L1_WEIGHT),
        label_smoothing=talk.answer(research.LABEL_SMOOTHING),
        learning_rate=talk.answer(research.ADVERSARIAL_LEARNING_RATE),
        discriminator_learning_rate=talk.answer(research.DISCRIMINATOR_LEARNING_RATE),
        beta_1=talk.answer(research.BETA_1),
        filters=talk.answer(research.DISCRIMINATOR_FILTERS),
        kept_gain=talk.answer(research.KEPT_GAIN),
        collapse_loss=talk.answer(research.COLLAPSE_LOSS),
        collapse_steps=talk.answer(research.COLLAPSE_STEPS),
    )


def augmentation_settings(talk: Conversation) -> AugmentationSettings:
    """Return the augmentation of training photos."""
    return AugmentationSettings(
        flip=talk.answer(research.FLIP),
        crop=talk.answer(research.CROP),
        rotation=talk.answer(research.ROTATION),
        zoom=talk.answer(research.ZOOM),
        brightness=talk.answer(research.BRIGHTNESS),
        contrast=talk.answer(research.CONTRAST),
        grain=talk.answer(research.GRAIN),
        share=talk.answer(research.AGED_SHARE),
    )


def training_settings(
    talk: Conversation, adversarial: AdversarialSettings | None, proposed: TrainingSettings
) -> TrainingSettings:
    """Return the settings of a training.

    `proposed` holds the defaults, which depend on the network, and the chosen epochs and batch size.
    """
    loss = talk.answer(ask_training.LOSS, default=proposed.loss)
    # The weights are relative to the loss they belong to.
    is_same_loss = loss == proposed.loss
    return TrainingSettings(
        epochs=proposed.epochs,
        batch_size=proposed.batch_size,
        learning_rate=talk.answer(ask_training.LEARNING_RATE, default=proposed.learning_rate),
        optimizer=talk.answer(ask_training.OPTIMIZER),
        gradient_norm=talk.answer(research.GRADIENT_NORM),
        loss=loss,
        colourfulness_weight=talk.answer(
            research.COLOURFULNESS_WEIGHT, default=proposed.colourfulness_weight * is_same_loss
        ),
        colour_difference_weight=talk.answer(
            research.COLOUR_DIFFERENCE_WEIGHT, default=proposed.colour_difference_weight * is_same_loss
        ),
        precision=talk.answer(research.PRECISION),
        is_deterministic=talk.answer(research.IS_DETERMINISTIC, default="yes" if talk.has_flag(ask.SEED) else "no"),
        schedule=talk.answer(ask_training.SCHEDULE, default=proposed.schedule),
        warm_up=talk.answer(research.WARM_UP),
        frozen_epochs=talk.answer(research.FROZEN_EPOCHS, default=proposed.frozen_epochs),
        fine_tuning_factor=talk.answer(research.FINE_TUNING_FACTOR),
        fine_tune_from=talk.answer(research.FINE_TUNE_FROM, default=proposed.fine_tune_from),
        average=talk.answer(ask_training.AVERAGE, default=proposed.average),
        start_share=talk.answer(research.START_SHARE, default=proposed.start_share),
        monitor=talk.answer(ask_training.MONITOR),
        plateau_epochs=talk.answer(research.PLATEAU_EPOCHS),
        plateau_factor=talk.answer(research.PLATEAU_FACTOR),
        tensorboard=talk.answer(research.TENSORBOARD),
        gradients=talk.answer(research.GRADIENTS),
        adversarial=adversarial,
        augmentation=augmentation_settings(talk),
        seed=talk.answer(ask.SEED),
    )
