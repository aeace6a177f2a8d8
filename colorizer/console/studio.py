"""The command `studio`: print the page's address and serve it until Ctrl-C."""

from __future__ import annotations

import os
import sys
import webbrowser
from typing import TYPE_CHECKING

from colorizer import network as networks
from colorizer.console.messages import PATHS, output_folder, program
from colorizer.console.model import load_quickly, model_path
from colorizer.console.terminal import Console, has_screen
from colorizer.conversation import questions as ask
from colorizer.conversation.conversation import Conversation
from colorizer.packages import refuse_without
from colorizer.settings import PhotoLimits

if TYPE_CHECKING:
    from colorizer.studio.server import Ended

_NAMES_LISTED = 5


def studio_command(console: Console, talk: Conversation) -> None:
    """Serve the page until the user ends it. Raises ColorizeError if it cannot be served."""
    refuse_without("studio", "The studio")
    from colorizer.studio import StudioJob, serve

    model = model_path(talk) if talk.has_flag(ask.MODEL) else networks.PRETRAINED
    job = StudioJob(
        network=load_quickly(console, model),
        model=model,
        output=output_folder(talk),
        program=program(),
        host=talk.answer(ask.HOST),
        port=talk.answer(ask.PORT),
        public=talk.answer(ask.ROOT_PATH) or "",
        token=talk.answer(ask.TOKEN) or "",
        is_private=talk.answer(ask.PRIVATE),
        paths=talk.flags.get(PATHS) or (),
        to=talk.flags.get(ask.TO.name),
        limits=PhotoLimits(maximum_pixels=round(talk.answer(ask.MAXIMUM_MEGAPIXELS) * 1e6)),
    )
    opens_browser = talk.answer(ask.BROWSER) and has_screen()

    def tell(address, token: str, pass_: str) -> None:
        if address.port != job.port:
            console.warn(f"Port {job.port} is taken; {address.port} is used.")
        if not address.is_local:
            console.warn(
                f"Listening on {address.host}: anyone who can reach this machine and knows the token can see these "
                "photos. The token and the photos are sent unencrypted."
            )
        console.inform(f"The studio is at {address.page(token)}")
        console.inform("Keep this address secret: it gives access to your photos. Ctrl-C ends the studio.")
        if opens_browser:
            webbrowser.open(address.page(pass_))

    ended = serve(job, tell)
    for sentence in _farewell(ended, job.is_private):
        console.inform(sentence)
    if not ended.is_done:  # Python would wait for a thread that is still computing
        sys.stdout.flush()
        os._exit(0)


def _farewell(ended: Ended, is_private: bool) -> list[str]:
    """Return what the user needs to know when the studio has ended."""
    sentences = []
    if count := len(ended.unsaved):
        names = ", ".join(ended.unsaved[:_NAMES_LISTED]) + (", ..." if count > _NAMES_LISTED else "")
        sentences.append(f"Not saved since the last change: {count} of {ended.photos} photos and films ({names}).")
    if is_private or not ended.photos:
        return [*sentences, "The studio has ended, and its copies of your photos are gone."]
    return [
        *sentences,
        f"The studio has ended. Its session is kept for {ended.days_kept} days: start again to continue it.",
    ]
