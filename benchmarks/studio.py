"""Load test of the studio: 1,000 requests from 50 simultaneous clients, repeated TIMES times.

`python -m benchmarks.studio PAGE_ADDRESS TIMES PHOTO...`, with the address that `python colorize.py studio` printed.
Each client has one of the photos open and requests, one after another, the preview of a hint, likely colors of a place,
a part of the photo at full resolution, and its thumbnail.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import httpx2
import numpy as np
import psutil

from colorizer.studio.guard import OWN_HEADER

CLIENTS, REQUESTS = 50, 1_000
QUIET = 3.0
"""Seconds after which the studio has released memory that it no longer needs."""


async def load(address: str, photos: Sequence[Path]) -> dict[str, list[float]]:
    """Return the seconds each request took, by its kind; raise if one is refused or lost."""
    headers, seconds = {OWN_HEADER: "1"}, {}
    limits = httpx2.Limits(max_connections=CLIENTS)
    async with httpx2.AsyncClient(
        base_url=address.partition("?")[0], headers=headers, timeout=120, limits=limits, verify=False
    ) as client:
        (await client.get(address)).raise_for_status()
        sent = [(await client.post("photos", content=photo.read_bytes())).json() for photo in photos]
        for photo in sent:
            await _preview(client, photo, random.Random(0))
        await asyncio.gather(*(_client(client, sent[number % len(sent)], number, seconds) for number in range(CLIENTS)))
        for photo in sent:
            (await client.delete(f"photos/{photo['id']}")).raise_for_status()
    return seconds


async def _client(client: httpx2.AsyncClient, photo: dict, number: int, seconds: dict[str, list[float]]) -> None:
    chance = random.Random(number)
    kinds = {"hint's preview": _preview, "likeliest colours": _likeliest, "view": _view, "thumbnail": _thumbnail}
    names = ["hint's preview"] * 8 + ["likeliest colours"] * 4 + ["view"] * 4 + ["thumbnail"] * 4
    chance.shuffle(names)
    for name in names[: REQUESTS // CLIENTS]:
        begun = time.perf_counter()
        await kinds[name](client, photo, chance)
        seconds.setdefault(name, []).append(time.perf_counter() - begun)


async def _preview(client: httpx2.AsyncClient, photo: dict, chance: random.Random) -> None:
    colours = ("#b03030", "#3050b0", "#30a050", "gray")
    places = [(chance.randrange(100), chance.randrange(100), chance.choice(colours)) for _ in range(3)]
    hints = [{"x": x, "y": y, "colour": colour} for x, y, colour in places]
    (await client.put(f"photos/{photo['id']}/colours", json={"hints": hints})).raise_for_status()


async def _likeliest(client: httpx2.AsyncClient, photo: dict, chance: random.Random) -> None:
    place = {"x": chance.randrange(100), "y": chance.randrange(100)}
    (await client.get(f"photos/{photo['id']}/likeliest", params=place)).raise_for_status()


async def _view(client: httpx2.AsyncClient, photo: dict, chance: random.Random) -> None:
    box = {"left": 0, "top": 0, "right": 100, "bottom": 100, "width": 100, "height": 100, "side": "original"}
    (await client.get(f"photos/{photo['id']}/view", params=box)).raise_for_status()


async def _thumbnail(client: httpx2.AsyncClient, photo: dict, chance: random.Random) -> None:
    (await client.get(f"photos/{photo['id']}/thumbnail")).raise_for_status()


def _studio(address: str) -> psutil.Process:
    """Return the process that listens at an address."""
    port = httpx2.URL(address).port
    listening = [one for one in psutil.net_connections("tcp") if one.status == "LISTEN" and one.laddr.port == port]
    return psutil.Process(listening[0].pid)


def main(address: str, times: str, *photos: str) -> None:
    studio = _studio(address)
    for turn in range(1, int(times) + 1):
        before, busy, begun = studio.memory_info().rss, sum(studio.cpu_times()[:2]), time.perf_counter()
        seconds = asyncio.run(load(address, [Path(photo) for photo in photos]))
        took, busy = time.perf_counter() - begun, sum(studio.cpu_times()[:2]) - busy
        time.sleep(QUIET)
        answered, after = sum(map(len, seconds.values())), studio.memory_info().rss
        print(f"turn {turn}: {answered} answered in {took:.1f} s, of which the studio computed {busy:.1f} s")
        print(f"  {before / 1e6:.0f} MB before, {after / 1e6:.0f} MB after")
        for name, taken in sorted(seconds.items()):
            median, slow = np.percentile(taken, (50, 95))
            print(f"  {name}: median {median:.2f} s, p95 {slow:.2f} s, {len(taken)} times")


if __name__ == "__main__":
    main(*sys.argv[1:])
