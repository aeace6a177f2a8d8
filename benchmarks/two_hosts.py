"""`python -m benchmarks.two_hosts [PHOTOS] [SECONDS]`: test a Ray cluster of two hosts under failures.

The hosts are network namespaces of this machine, each with its own address and two workers; photos and results are on a
shared file system. While small photos, parts of scikit-image's, are colorized, a worker is killed, the second host is
disconnected for some seconds and reconnected, and the coordinator is killed and restarted. In the end every photo must
exist exactly once, with the same bytes as from a single process, and without unfinished files. Linux, as root.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

from PIL import Image

PROGRAM = Path(__file__).resolve().parent.parent / "colorize.py"
SIZE = (64, 48)
_FIRST, _SECOND = (f"colorizer-{os.getpid()}-{number}" for number in (1, 2))
_ADDRESSES = {_FIRST: "10.77.0.1", _SECOND: "10.77.0.2"}
_HEAD = "10.77.0.1:6379"
_PATIENCE = 1800
"""Seconds without progress before the test gives up."""


def trial(count: int, cut_seconds: float, folder: Path) -> list[str]:
    """Run the whole test, print its progress, and return a sentence for each error."""
    photos, target, single = small_photos(folder / "photos", count), folder / "in colour", folder / "single"
    colorize = [sys.executable, str(PROGRAM), "colorize", "--dataset", str(photos), "--cache", "none"]
    with _two_hosts(folder) as hosts:
        by_cluster = [*colorize, "--to", str(target), "--cluster", _HEAD]
        with hosts.coordinator(by_cluster) as coordinator:
            lines = _wait_for(target, count // 20, coordinator, hosts)
            _kill_worker(lines[0])
            _tell("a worker killed", target)
            _wait_for(target, count // 10, coordinator, hosts)
            hosts.cut_off(cut_seconds)
            _tell(f"the second host was cut off for {cut_seconds:.0f} s", target)
            before = len(_lines(target))
            since = _wait_for(target, count * 3 // 5, coordinator, hosts)[before:]
            coordinator.kill()
        workers = Counter(line["worker"] for line in since)
        _tell(f"the coordinator killed; since the cut, lines by its workers: {[*workers.values()]}", target)
        with hosts.coordinator(by_cluster) as coordinator:
            if coordinator.wait():
                return [f"The coordinator ended with {coordinator.returncode}."]
        _tell("all done", target)
    subprocess.run([*colorize, "--to", str(single), "--shard", "0/1"], check=True, stdout=subprocess.DEVNULL)
    return [*_wrong(photos, target, single)]


def small_photos(folder: Path, count: int) -> Path:
    """Create `count` different grayscale JPEGs, 500 in a folder."""
    data = Path(find_spec("skimage").origin).parent / "data"
    names = ("camera.png", "astronaut.png", "coffee.png", "moon.png", "coins.png")
    sources = [Image.open(data / name).convert("L") for name in names]
    for number in range(count):
        path = folder / f"{number // 500:03}" / f"{number:06}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        left, top = number // 5 % 200, number // 1000 * 7 % 200
        sources[number % 5].crop((left, top, left + SIZE[0], top + SIZE[1])).save(path)
    return folder


class _Hosts:
    """Two network namespaces in which Ray runs."""

    def __init__(self, folder: Path):
        self._folder, self._ray = folder, {}
        (folder / "token").write_text(secrets.token_hex(32))
        for name in _ADDRESSES:
            self.start(name)

    def start(self, name: str) -> None:
        """Add a host to the cluster; the first one becomes its head."""
        head = ["--head", f"--port={_HEAD.split(':')[1]}", "--include-dashboard=false"]
        where = head if name == _FIRST else [f"--address={_HEAD}"]
        where += [f"--node-ip-address={_ADDRESSES[name]}", "--num-cpus=2", "--object-store-memory=100000000"]
        ray = [str(Path(sys.executable).with_name("ray")), "start", *where, "--block", "--disable-usage-stats"]
        log = self._folder / f"ray of {name}.log"
        log.unlink(missing_ok=True)
        self._ray[name] = self._in(name, ray, log.name)
        _until(lambda: self._has_started(name, log))

    @contextmanager
    def coordinator(self, command: list[str]) -> Iterator[subprocess.Popen]:
        with self._in(_FIRST, command, "coordinator.log") as process:
            try:
                yield process
            finally:
                process.kill()

    def cut_off(self, seconds: float) -> None:
        """Disconnect the second host from the network for some seconds."""
        _ip("-n", _SECOND, "link", "set", "eth0", "down")
        time.sleep(seconds)
        _ip("-n", _SECOND, "link", "set", "eth0", "up")

    def keep_up(self) -> None:
        """Restart Ray on the second host if it has ended, which it does when the head gives up on a host."""
        if self._ray[_SECOND].poll() is not None:
            print("Ray had given the second host up, and is started there again.", flush=True)
            self.start(_SECOND)

    def _has_started(self, name: str, log: Path) -> bool:
        if self._ray[name].poll() is not None:
            raise SystemExit(f"Ray of {name} has not started: {log.read_text()[-500:]}")
        return "Ray runtime started" in log.read_text()

    def _in(self, name: str, command: list[str], log: str) -> subprocess.Popen:
        environment = {
            **os.environ,
            "PYTHONPATH": str(PROGRAM.parent),
            "RAY_AUTH_MODE": "token",
            "RAY_AUTH_TOKEN_PATH": str(self._folder / "token"),
            "RAY_raylet_start_wait_time_s": "300",
            "RAY_agent_register_timeout_ms": "300000",
        }
        with (self._folder / log).open("a") as file:
            return subprocess.Popen(
                ["ip", "netns", "exec", name, *command],
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )


@contextmanager
def _two_hosts(folder: Path) -> Iterator[_Hosts]:
    with ExitStack() as stack:
        for name in _ADDRESSES:
            _ip("netns", "add", name)
            stack.callback(_remove, name)
        _ip("link", "add", "eth0", "netns", _FIRST, "type", "veth", "peer", "eth0", "netns", _SECOND)
        for name, address in _ADDRESSES.items():
            _ip("-n", name, "addr", "add", f"{address}/24", "dev", "eth0")
            for link in ("lo", "eth0"):
                _ip("-n", name, "link", "set", link, "up")
        yield _Hosts(folder)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


def _remove(name: str) -> None:
    """Kill all processes on a host, and remove it."""
    inside = subprocess.run(["ip", "netns", "pids", name], capture_output=True, text=True, check=True)
    for process in map(int, inside.stdout.split()):
        with suppress(ProcessLookupError):
            os.kill(process, signal.SIGKILL)
    _ip("netns", "del", name)


def _lines(target: Path) -> list[dict]:
    path = target / "manifest.jsonl"
    return [json.loads(line) for line in path.read_text().split("\n")[:-1]] if path.is_file() else []


def _wait_for(target: Path, count: int, coordinator: subprocess.Popen, hosts: _Hosts) -> list[dict]:
    def are_there() -> bool:
        hosts.keep_up()
        has_ended = coordinator.poll() is not None
        if len(_lines(target)) > count:
            return True
        if has_ended:
            raise SystemExit(f"The coordinator ended early, with {coordinator.returncode}; its log says why.")
        return False

    _until(are_there)
    return _lines(target)


def _until(is_so: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not is_so():
        if time.monotonic() - began > _PATIENCE:
            raise SystemExit("Nothing more happens.")
        time.sleep(0.2)


def _kill_worker(line: dict) -> None:
    os.kill(int(line["worker"].split(":")[1]), signal.SIGKILL)


def _tell(what: str, target: Path) -> None:
    lines = _lines(target)
    workers = len({line["worker"] for line in lines})
    print(f"{time.strftime('%H:%M:%S')} {what}; {len(lines)} lines by {workers} workers", flush=True)


def _wrong(photos: Path, target: Path, single: Path) -> Iterator[str]:
    names = sorted(str(path.relative_to(photos)) for path in photos.rglob("*.jpg"))
    times = Counter(line["path"] for line in _lines(target))
    if times != Counter(names):
        yield f"The manifest has {len(times)} of {len(names)} photos, {times.total()} lines."
    made, alone = (
        {str(p.relative_to(top)): p for p in top.rglob("*") if p.suffix == ".jpg"} for top in (target, single)
    )
    if made.keys() != alone.keys():
        yield f"{len(made.keys() ^ alone.keys())} files are in one of the folders only."
    differ = sum(made[name].read_bytes() != alone[name].read_bytes() for name in made.keys() & alone.keys())
    if differ:
        yield f"{differ} pictures differ from those of a single process."
    print(f"{len(made)} pictures, {len(made) - differ} of them with the bytes of a single process's", flush=True)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        many, seconds = (
            int(sys.argv[1]) if len(sys.argv) > 1 else 20_000,
            float(sys.argv[2]) if len(sys.argv) > 2 else 30,
        )
        sys.exit("\n".join(trial(many, seconds, Path(place))) or 0)
