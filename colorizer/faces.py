"""Faces of packages: public names whose modules are loaded when the names are first used, and without a word."""

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
    """Return what a package's `__getattr__`, `__dir__` and `__all__` are to be, for the names of some modules in it.

    What libraries say while one of these modules is loaded is held back, unless that fails: TensorFlow comes with the
    first that needs it. So are the log lines of its C++ core, unless TF_CPP_MIN_LOG_LEVEL says otherwise.
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
