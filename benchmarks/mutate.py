"""`python -m benchmarks.mutate [every] [module ...]`: change code in one small way at a time; does a test notice it?

Each module has tests that hold it. A change (a mutant) turns a comparison, an operator, a number, a text or a condition
into another, or leaves out a statement, an argument or what is returned; of these every n-th is tried. The fast ones of
the tests run on it in a process forked from this one, where the libraries are imported already: it takes as long as the
first test that fails. Mutants that no test notices are printed. Words that only a person reads are left as they are.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.mutants import Mutant, mutants

PROJECT = Path(__file__).resolve().parent.parent
ARCHIVES = ("tests/dataset/test_archive.py", "tests/dataset/test_made_up_archives.py")
MODELS = ("tests/network/test_screening.py", "tests/network/test_keras_archives.py")
TESTS = {
    "files": ("tests/test_files.py", "tests/test_faults.py", "tests/runs/test_leftovers.py"),
    "dataset.archive": (*ARCHIVES, "tests/test_faults.py"),
    "zip_members": (*ARCHIVES, "tests/network/test_keras_archives.py"),
    "photos.writing": ("tests/photos/test_writing.py", "tests/photos/test_formats.py", "tests/photos/test_exif.py"),
    "training.checkpoint": ("tests/training/test_state.py", "tests/training/test_checkpoint.py"),
    "network.screening": MODELS,
    "network.config_screening": ("tests/network/test_config_screening.py", *MODELS),
    "network.hdf5_texts": ("tests/network/test_hdf5_screening.py",),
    "network.hdf5_screening": ("tests/network/test_hdf5_screening.py", *MODELS),
    "network.layer_screening": ("tests/network/test_layer_screening.py", *MODELS),
}
"""Modules of `colorizer`, and the tests that hold each, the quickest first."""
LIBRARIES = ("pytest", "hypothesis", "numpy", "PIL.Image", "pillow_heif", "tifffile", "png", "h5py", "pexpect", "keras")
"""Imported before there are mutants; none of the program's own may be."""
PATIENCE = 300
"""Seconds after which a mutant counts as one that hangs, and so as noticed."""
TOGETHER = os.cpu_count() or 1


@dataclass(frozen=True)
class Judged:
    """What became of the mutants of one module."""

    noticed: int
    survivors: tuple[Mutant, ...]


def judge(module: str, every: int) -> Judged:
    """Try every n-th mutant of a module; raises RuntimeError when its tests fail without any."""
    path = PROJECT / "colorizer" / f"{module.replace('.', '/')}.py"
    source = path.read_text(encoding="utf-8")
    if _ended(_forked(module, path, ast.parse(source)), time.monotonic() + PATIENCE):
        raise RuntimeError(f"the tests of {module} fail on the module as it is")
    running: dict[int, tuple[Mutant, float]] = {}
    noticed, survivors = 0, []
    waiting = (mutant for number, mutant in enumerate(mutants(source)) if number % every == 0)
    while True:
        while len(running) < TOGETHER and (mutant := next(waiting, None)) is not None:
            running[_forked(module, path, mutant.tree)] = mutant, time.monotonic() + PATIENCE
        if not running:
            return Judged(noticed, tuple(survivors))
        process, (mutant, until) = next(iter(running.items()))
        del running[process]
        if _ended(process, until):
            noticed += 1
        else:
            survivors.append(mutant)
            print(f"  {module}:{mutant.line}: {mutant.change}", flush=True)


def _forked(module: str, path: Path, tree: ast.Module) -> int:
    """Run a module's tests in a process of its own, where the module is made from `tree`; return the process."""
    code = compile(tree, str(path), "exec")
    process = os.fork()
    if process:
        return process
    os.setsid()
    nowhere = os.open(os.devnull, os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    sys.meta_path.insert(0, _Mutated(f"colorizer.{module}", code))
    result = 1
    try:
        import pytest

        result = pytest.main(["-x", "-q", "-n", "0", "-p", "no:cacheprovider", *TESTS[module]])
    finally:
        os._exit(int(result))


def _ended(process: int, until: float) -> bool:
    """Wait for a process, no longer than until then, and say whether a test failed in it, or it hung."""
    while time.monotonic() < until:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return status != 0
        time.sleep(0.05)
    os.killpg(process, signal.SIGKILL)
    os.waitpid(process, 0)
    return True


class _Mutated(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Imports one module from other code than its file's."""

    def __init__(self, name: str, code):
        self.name, self.code = name, code

    def find_spec(self, fullname, path, target=None):
        return importlib.util.spec_from_loader(fullname, self) if fullname == self.name else None

    def exec_module(self, module):
        exec(self.code, module.__dict__)


def main(arguments: Sequence[str]) -> int:
    """Try the mutants of all modules, or of those named, and return 1 when fewer than nine of ten are noticed."""
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
