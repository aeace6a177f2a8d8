"""Questions about work shared by several processes or machines, which are answered by flags only."""

from __future__ import annotations

import re

from colorizer.conversation.question import COLORIZE, EVALUATE, Question, WrongAnswer, yes_or_no
from colorizer.dataset.shards import Shard

LOCAL, AUTO = "local", "auto"
"""Stand for the address of a cluster: one started on this machine, and the one this machine belongs to."""
MOST_SHARDS = 100_000
_SHARD = re.compile(r"(\d{1,9})/(\d{1,9})")
_ADDRESS = re.compile(r"(\[[0-9A-Fa-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}")


def shard(text: str) -> Shard:
    """Accept "I/N": one of N parts, counted from 0."""
    typed = _SHARD.fullmatch(text.strip())
    if not typed:
        raise WrongAnswer(f"{text!r} is no part: I/N is wanted, such as 0/40 for the first of forty.")
    number, count = int(typed[1]), int(typed[2])
    if not 1 <= count <= MOST_SHARDS:
        raise WrongAnswer(f"{text!r} is no part: there may be from 1 to {MOST_SHARDS:,} of them.")
    if number >= count:
        raise WrongAnswer(f"{text!r} is no part: of {count}, the first is 0/{count} and the last {count - 1}/{count}.")
    return Shard(number, count)


def cluster(text: str) -> str:
    """Accept the address of a Ray cluster, or `LOCAL` or `AUTO`."""
    typed = text.strip()
    if typed.lower() in (LOCAL, AUTO):
        return typed.lower()
    if not _ADDRESS.fullmatch(typed):
        raise WrongAnswer(f"{text!r} is none of {LOCAL}, {AUTO} and an address with a port, such as 10.0.0.1:6379.")
    return typed


SHARD = Question(
    "--shard",
    "do one of N parts, I/N with I from 0, into the folder of --to; processes that do the others may run at the same "
    "time, anywhere (CLUSTER.md)",
    shard,
    (COLORIZE, EVALUATE),
)
CLUSTER = Question(
    "--cluster",
    f"share out the work by Ray: {LOCAL} on this machine's cores, {AUTO} on the cluster this machine is part of, or "
    "the cluster at HOST:PORT (CLUSTER.md)",
    cluster,
    (COLORIZE, EVALUATE),
)
CHECK_ONLY = Question(
    "--check-only",
    "with --shard or --cluster: only check the photos, and write down what was found",
    yes_or_no,
    (COLORIZE,),
    default="no",
)
