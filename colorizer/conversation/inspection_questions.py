"""Questions that only `inspect` asks."""

from __future__ import annotations

from colorizer.conversation.question import INSPECT, Question, a_point

POINT = Question(
    "--point",
    "X,Y: place whose colour is explained, in pixels of the upright photo from its upper left corner",
    a_point,
    (INSPECT,),
    shown_default="the most colourful places of each photo",
)
