"""`python -m benchmarks.mutate [every] [module ...]`: make one small change to the code at a time, and run its tests.

Each module has a list of tests. A change (a mutant) replaces a comparison, an operator, a number, a text or a
condition, or removes a statement, an argument or a returned value; every n-th of these is tried. pytest collects the
fast tests once. They run on each mutant in a process forked from there, until the first one fails. Mutants that no test
detects are printed. Texts that only people read are not changed.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import CodeType, ModuleType

from benchmarks.mutants import Mutant, mutants

PROJECT = Path(__file__).resolve().parent.parent
ARCHIVES = tuple(f"tests/dataset/test_{name}.py" for name in ("unpacking", "archive_bombs", "made_up_archives"))
TESTS = {
    "files": ("tests/test_files.py", "tests/test_faults.py"),
    "dataset.unpacking": (*ARCHIVES, "tests/test_faults.py"),
    "zip_members": ("tests/test_zip_members.py", *ARCHIVES),
    "photos.writing": (
        *(f"tests/photos/test_{room}.py" for room in ("written_files", "writing", "pages", "exif", "formats")),
        "tests/test_faults.py",
    ),
    "training.checkpoint": ("tests/training/test_checkpoint.py",),
    "network.screening": tuple(
        f"tests/network/test_{part}.py" for part in ("config_screening", "network_limits", "screening")
    ),
    "network.clean_copy": ("tests/network/test_clean_copy.py",),
    "network.model_kinds": ("tests/network/test_model_kinds.py",),
}
"""Modules of `colorizer`, and the tests for each, the fastest first."""
LIBRARIES = ("pytest", "hypothesis", "numpy", "PIL.Image", "pillow_heif", "tifffile", "png", "h5py", "pexpect", "keras")
"""Imported before any mutant is tried, so that no mutant waits for it."""
PATIENCE, BUSY = 600, 60
"""Seconds, and CPU seconds, after which a mutant counts as hanging, and therefore as detected."""
TOGETHER = 2 * (os.cpu_count() or 1)


@dataclass(frozen=True)
class Judged:
    """Results for the mutants of one module."""

    noticed: int
    survivors: tuple[Mutant, ...]


def judge(module: str, every: int) -> Judged:
    """Try every n-th mutant of a module. Raises RuntimeError if its tests fail on the unchanged module."""
    import pytest

    collected = _Collected(module, every)
    pytest.main(["-q", "-s", "-n", "0", "-p", "no:cacheprovider", *TESTS[module]], plugins=[collected])
    if collected.judged is None:
        raise RuntimeError(f"the tests of {module} fail on the module as it is")
    return collected.judged


class _Collected:
    """A pytest plugin that runs the collected tests on mutants instead of running them once."""

    def __init__(self, module: str, every: int):
        self.module, self.every = module, every
        self.judged: Judged | None = None

    def pytest_runtestloop(self, session) -> bool:
        path = PROJECT / "colorizer" / f"{self.module.replace('.', '/')}.py"
        source = path.read_text(encoding="utf-8")
        original = compile(source, str(path), "exec")
        _, is_noticed = _first_ended({_forked(self.module, original, session.items): time.monotonic() + PATIENCE})
        if not is_noticed:
            self.judged = self._judged(source, path, session.items)
        return True

    def _judged(self, source: str, path: Path, tests: list) -> Judged:
        running: dict[int, tuple[Mutant, float]] = {}
        noticed, survivors = 0, []
        waiting = (mutant for number, mutant in enumerate(mutants(source)) if number % self.every == 0)
        while True:
            while len(running) < TOGETHER and (mutant := next(waiting, None)) is not None:
                code = compile(mutant.tree, str(path), "exec")
                running[_forked(self.module, code, tests)] = mutant, time.monotonic() + PATIENCE
            if not running:
                return Judged(noticed, tuple(survivors))
            process, is_noticed = _first_ended({process: until for process, (_, until) in running.items()})
            mutant, _ = running.pop(process)
            if is_noticed:
                noticed += 1
            else:
                survivors.append(mutant)
                print(f"  {self.module}:{mutant.line}: {mutant.change}", flush=True)


def _forked(module: str, code: CodeType, tests: list) -> int:
    """Run collected tests in a forked process, with the module executed from `code`; return the process id."""
    process = os.fork()
    if process:
        return process
    os.setsid()
    resource.setrlimit(resource.RLIMIT_CPU, (BUSY, BUSY))
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    try:
        from _pytest.runner import runtestprotocol

        _put_in_place(importlib.import_module(f"colorizer.{module}"), code)
        for test, following in zip(tests, [*tests[1:], None], strict=True):
            if any(report.failed for report in runtestprotocol(test, nextitem=following, log=False)):
                os._exit(1)
        os._exit(0)
    finally:
        os._exit(1)


def _put_in_place(module: ModuleType, code: CodeType) -> None:
    """Execute other code as a module, and update all modules that had imported names from it."""
    before = dict(vars(module))
    exec(code, vars(module))
    for other in [each for each in sys.modules.values() if isinstance(each, ModuleType)]:
        names = vars(other)
        for name, value in before.items():
            if not name.startswith("__") and names.get(name) is value:
                names[name] = vars(module).get(name)


def _first_ended(running: dict[int, float]) -> tuple[int, bool]:
    """Wait for the first of some processes to end, killing each at its deadline.

    Returns:
        The process id, and whether a test failed in it or it hung.
    """
    while True:
        for process, until in running.items():
            ended, status = os.waitpid(process, os.WNOHANG)
            if ended:
                return process, status != 0
            if time.monotonic() > until:
                os.killpg(process, signal.SIGKILL)
                os.waitpid(process, 0)
                return process, True
        time.sleep(0.05)


def main(arguments: Sequence[str]) -> int:
    """Try the mutants of all modules, or of those named, and return 1 if fewer than nine of ten are detected."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.chdir(PROJECT)
    numbers = [argument for argument in arguments if argument.isdigit()]
    every, is_good = int(numbers[0]) if numbers else 1, True
    for library in LIBRARIES:
        importlib.import_module(library)
    for module in [argument for argument in arguments if not argument.isdigit()] or TESTS:
        started = time.monotonic()
        judged = judge(module, every)
        many = judged.noticed + len(judged.survivors)
        is_good &= judged.noticed >= 0.9 * many
        seconds = time.monotonic() - started
        print(f"{module}: {judged.noticed} of {many} mutants noticed, in {seconds:.0f} s", flush=True)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
