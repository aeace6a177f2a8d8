"""The colorizing journey: black-and-white photos in, colour photos out."""

from __future__ import annotations

from colorizer import inference, runs
from colorizer.console.model import load_existing, look_at, start_tensorflow
from colorizer.console.photos import choose_dataset
from colorizer.console.places import default_dataset, output_folder, reading
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.conversation.counts import ask_count
from colorizer.dataset import true_colours
from colorizer.errors import ColorizeError, Interrupted, Unfinished

_AGAIN = f"the same command with {ask.SKIP_EXISTING.flag} makes"


def colorize_journey(console: Console, talk: Conversation) -> None:
    """Ask, colorize and tell; raise ColorizeError at the end when some photos failed."""
    seed, how = talk.answer(ask.SEED), reading(talk)
    check = choose_dataset(console, talk, for_training=False, least=1, reading=how)
    photos = ask_count(talk, check.fine, seed)
    with runs.reserved_run(output_folder(talk), ask.COLORIZE) as run:
        start_tensorflow(console)
        network = load_existing(console, talk)
        look_at(console, talk, network, run.drawing)
        job = runs.ColorizeJob(
            network=network,
            photos=photos,
            root=check.root,
            run=run,
            adjustment=adjustment(talk),
            reading=how,
            truths=true_colours(check.root) if check.root == default_dataset(for_training=False) else {},
            goes_on=talk.answer(ask.SKIP_EXISTING),
        )
        try:
            with console.progress("Colorizing", "photos") as progress:
                result = runs.colorize_photos(job, progress)
        except Unfinished as error:
            kind = Interrupted if isinstance(error, Interrupted) else ColorizeError
            raise kind(f"{error} {_AGAIN.capitalize()} the others.") from error
        tell_colorized(console, talk, result, _AGAIN)


def adjustment(talk: Conversation) -> inference.Adjustment:
    """Ask for what can be changed about the colours, of who wants to change it."""
    is_said = talk.has_flag(ask.VIVIDNESS) or talk.has_flag(ask.RESTORE_CONTRAST)
    is_wanted = talk.answer(ask.ADJUST) if talk.has_flag(ask.ADJUST) or not is_said else False
    answer = talk.answer if is_wanted else talk.flag_or_default
    return inference.Adjustment(answer(ask.VIVIDNESS), answer(ask.RESTORE_CONTRAST))


def tell_colorized(console: Console, talk: Conversation, result: runs.ColorizeResult, again: str) -> None:
    """Say where the colour photos are; raise ColorizeError, with what makes the others, when some failed."""
    made_now = len(result.pictures) - result.made_before
    if result.made_before:
        total = len(result.pictures) + len(result.failures)
        console.inform(f"{result.made_before} of {total} photos are in {result.folder} already.")
    sheets = f", comparison sheets in {result.sheets[0].parent}" if result.sheets else ""
    console.inform(f"{made_now} colour photos are in {result.folder}{sheets}.")
    if result.sheets and talk.answer(ask.SHOW_RESULTS):
        console.picture(result.sheets[0])
    if result.failures:
        for failure in result.failures:
            console.warn(failure.reason)
        raise ColorizeError(
            f"{len(result.failures)} of {made_now + len(result.failures)} photos could not be colorized; the others "
            f"are done. Once the cause is mended, {again} these."
        )
