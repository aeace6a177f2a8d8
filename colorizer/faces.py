"""Lazy public names of packages: a module is imported when one of its names is first used, without library output."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

import lazy_loader

from colorizer.quiet import quiet_errors


def attach(
    package: str, modules: dict[str, list[str]]
) -> tuple[Callable[[str], Any], Callable[[], list[str]], list[str]]:
    """Create a package's `__getattr__`, `__dir__` and `__all__` for lazily imported modules.

    Library output during such an import is suppressed unless the import fails, as importing TensorFlow writes some. Log
    lines of TensorFlow's C++ core are suppressed too, unless TF_CPP_MIN_LOG_LEVEL is set.

    Args:
        package: The name of the package.
        modules: Public names by module of the package.
    """
    load, directory, names = lazy_loader.attach(package, submod_attrs=modules)
    module_of = {name: f"{package}.{module}" for module, its_names in modules.items() for name in its_names}

    def load_quietly(name: str) -> Any:
        if name not in module_of or module_of[name] in sys.modules:
            return load(name)
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
        with quiet_errors():
            return load(name)

    return load_quietly, directory, names
