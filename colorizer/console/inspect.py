"""The command `inspect`: report what a model has learned, for some photos."""

from __future__ import annotations

from functools import partial

from colorizer import runs
from colorizer.console.colorize import known_truths
from colorizer.console.messages import ask_for_more, output_folder, reading, short
from colorizer.console.model import load_existing, refuse_unknown_model, start_tensorflow
from colorizer.console.photos import choose_dataset, reading_of
from colorizer.console.terminal import Console
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation, ask_count
from colorizer.packages import refuse_without


def inspect_command(console: Console, talk: Conversation) -> None:
    """Ask, inspect and report."""
    refuse_without("train", "Inspecting")
    refuse_unknown_model(talk)
    talk.flags.setdefault(ask.RECOLOR.name, True)  # color photos are the most informative, because their truth is known
    seed, how = talk.answer(ask.SEED), reading(talk)
    check = choose_dataset(console, talk, for_training=False, least=1, reading=how)
    ask_for_more(talk)
    photos = ask_count(talk, check.fine, seed, proposed=runs.INSPECTED_PHOTOS)
    run = talk.hold(ask.INSPECT, partial(runs.reserved_run, output_folder(talk), ask.INSPECT))
    console.inform(f"The report will be saved in {short(run.results)}.")
    start_tensorflow(console)
    job = runs.InspectJob(
        network=load_existing(console, talk),
        photos=photos,
        root=check.root,
        run=run,
        truths=known_truths(check),
        point=talk.answer(ask.POINT),
        reading=reading_of(check, how),
        seed=seed,
    )
    talk.settle()
    with console.progress("Looking inside", "steps") as progress:
        result = runs.inspect_network(job, progress)
    for sentence in result.findings:
        console.inform(sentence)
    console.inform(f"The report is {short(result.report)}. Open it in a browser.")
