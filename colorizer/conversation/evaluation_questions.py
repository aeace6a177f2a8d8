"""Questions that only `evaluate` asks."""

from __future__ import annotations

from colorizer.conversation.question import EVALUATE, Question, whole_number, yes_or_no

KERNEL_DISTANCE = Question(
    "--kid",
    "score the photos as a set too: kernel inception distance, on features of MobileNetV2",
    yes_or_no,
    (EVALUATE,),
    default="no",
)
HINTS_PER_PHOTO = Question(
    "--hints-per-photo",
    "score with the true colours of so many random places of each photo revealed",
    whole_number(0, 500),
    (EVALUATE,),
    default="0",
)
