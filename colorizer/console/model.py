"""The model of a command: start TensorFlow, load a file, show the network."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

from colorizer import network as networks
from colorizer import runs
from colorizer.console.messages import output_folder, short
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, MissingAnswer
from colorizer.conversation.question import LATEST
from colorizer.errors import ColorizeError, reason
from colorizer.files import is_folder
from colorizer.libraries import suppressed_stderr
from colorizer.packages import refuse_without


def start_tensorflow(console: Console) -> None:
    """Import TensorFlow, which takes a few seconds, and report the device it uses.

    Raises ColorizeError if it is not installed or cannot be started.
    """
    refuse_without("train", "This model")
    if "tensorflow" not in sys.modules:
        console.inform("Starting TensorFlow, which takes about 10 seconds…")
    try:
        with suppressed_stderr():
            device = networks.prepare_devices()
    except (
        ImportError,
        MemoryError,
        OSError,
        RuntimeError,
        SystemError,
    ) as error:  # as its libraries may raise when they fail to load
        raise ColorizeError(
            f"TensorFlow cannot be started; give it more memory (it needs 4 GB, also of what `ulimit -v` allows), or "
            f"install it again: {reason(error)}"
        ) from error
    console.inform(f"The network runs on: {device}.")
    if networks.has_unused_gpu():
        console.warn(
            "This machine has an NVIDIA GPU that TensorFlow does not use. To use it, run: "
            'pip install "tensorflow[and-cuda]"'
        )


def model_path(talk: Conversation) -> Path:
    """Return the model file of the flag or the answer; by default the shipped one. Raises ColorizeError."""
    return _file(talk, talk.answer(ask.MODEL, default=networks.PRETRAINED))


def refuse_unknown_model(talk: Conversation) -> None:
    """Raise ColorizeError, before any other work, if a flag names a missing model or one of another kind."""
    if talk.has_flag(ask.MODEL):
        networks.refuse_other_kinds(_file(talk, talk.answer(ask.MODEL)))


def _file(talk: Conversation, answer: Path | str) -> Path:
    if isinstance(answer, Path):
        return answer
    output = output_folder(talk)
    if answer == LATEST:
        return runs.latest_model(output)
    try:
        return runs.model_of_run(output, answer)
    except ColorizeError:
        if is_folder(answer):
            networks.refuse_other_kinds(Path(answer))  # such as a SavedModel, whose name could be that of a run
        raise


def load_existing(
    console: Console, talk: Conversation, load: Callable[[Path], networks.Network] = networks.load
) -> networks.Network:
    """Load the model of the flag or the answer, by default the shipped one; ask again until one loads."""
    while True:
        mark = talk.mark()
        try:
            path = model_path(talk)
            networks.refuse_other_kinds(path)
            network = talk.do(partial(load, path))
        except MissingAnswer:
            raise
        except ColorizeError as error:
            if talk.has_flag(ask.MODEL) or talk.accept_defaults:
                raise
            talk.forget(mark)
            console.warn(str(error))
            continue
        name = "the model that ships with the program" if path == networks.PRETRAINED else short(path)
        console.inform(f"Loaded {name}.")
        return network


def load_to_colorize(
    console: Console, talk: Conversation, cache_folder: Path | None, threads: int | None = None
) -> networks.Network:
    """Load a model as `load_existing` does, with `load_quickly`."""
    return load_existing(console, talk, partial(load_quickly, console, cache_folder=cache_folder, threads=threads))


def load_quickly(
    console: Console, path: Path, cache_folder: Path | None = None, threads: int | None = None
) -> networks.Network:
    """Load a model file without TensorFlow if it has been converted, otherwise with it. Raises ColorizeError."""
    with suppressed_stderr():  # hide LiteRT's startup message
        network = networks.load_converted(path, cache_folder, threads)
    if network is not None:
        console.inform(f"The network runs on: {network.engine.device}.")
        return network
    if "tensorflow" not in sys.modules:
        start_tensorflow(console)
    return networks.load(path)


def hasten_next_start(console: Console, network: networks.Network, cache_folder: Path | None) -> None:
    """Convert a model that TensorFlow has run, so that next time it starts without; Ctrl-C ends only the conversion."""
    if not isinstance(network.engine, networks.KerasEngine) or not networks.can_be_kept(network.path, cache_folder):
        return
    console.inform("Preparing this model to start without TensorFlow next time, which takes up to a minute…")
    with suppress(KeyboardInterrupt), suppressed_stderr():
        networks.keep_converted(network.path, cache_folder)


def look_at(console: Console, talk: Conversation, network: networks.Network, drawing: Path) -> None:
    """Draw the model, print its summary, or neither."""
    talk.do(partial(_show, console, network, talk.answer(ask.LOOK), drawing))


def _show(console: Console, network: networks.Network, choice: str, drawing: Path) -> None:
    if choice in ("summary", "drawing") and "tensorflow" not in sys.modules:
        start_tensorflow(console)
    if choice == "summary":
        console.show(networks.summary(network.model))
    elif choice == "drawing":
        try:
            networks.draw(network.model, drawing)
        except ColorizeError as error:
            console.warn(str(error))
        else:
            console.inform(f"The drawing is in {short(drawing)}.")
            console.picture(drawing)
