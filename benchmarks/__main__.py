"""`python -m benchmarks [row ...]`: measure and print one table.

`python -m benchmarks growth` draws curves, and `python -m benchmarks hints PHOTOS OBJECTS` measures the effect of hints
(`benchmarks.hints`). `python -m benchmarks references PAIRS` measures that of references (`benchmarks.references`).
"""

from __future__ import annotations

import multiprocessing
import os
import platform
import sys
from concurrent.futures import ProcessPoolExecutor
from importlib.metadata import version
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks import growth
from benchmarks.rows import APART, CORES, ROWS, measure


def main(names: list[str]) -> int:
    """Measure the named rows, or all, print their table, and return 1 if a ratio is missed."""
    if names[:1] == ["hints"]:
        from benchmarks import hints

        return hints.main(*names[1:])
    if names[:1] == ["references"]:
        from benchmarks import references

        return references.main(*names[1:])
    unknown = [name for name in names if name not in ROWS | APART]
    if unknown and names != ["growth"]:
        choices = ", ".join((*ROWS, *APART, "growth"))
        print(f"There is no row {unknown[0]}; choose from {choices}; growth stands alone.", file=sys.stderr)
        return 2
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if unknown:
        return growth.main()
    console = Console(width=max(Console().width, 130))
    versions = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras", "numpy", "pillow"))
    console.print(f"{processor()}, {CORES} cores; Python {platform.python_version()}, {versions}")
    table = Table("row", "ours", "reference", "ratio", "wanted", "met", "remark")
    all_met = True
    # A separate process for each row, because memory fragmented by one row would slow down the next.
    for name in names or ROWS:
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
            rows = pool.submit(measure, name).result()
        for row in rows:
            sign = "≥" if row.more_is_better else "≤"
            met = "yes" if row.is_met else "no"
            table.add_row(
                row.name, row.ours, row.reference, f"{row.ratio:.2f}", f"{sign} {row.wanted:g}", met, row.remark
            )
            all_met &= row.is_met
    console.print(table)
    return 0 if all_met else 1


def processor() -> str:
    """Return the processor's name as reported by the system."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
