"""Packages that only some work needs: the extras of pyproject.toml."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from colorizer.errors import ColorizeError

_MODULES = {
    "train": ("tensorflow", "keras", "h5py", "matplotlib", "scipy", "skimage"),
    "film": ("av", "cv2"),
    "repair": ("scipy", "skimage"),
    "studio": ("starlette", "uvicorn", "platformdirs", "psutil"),
}
"""Modules that the work of an extra imports."""
_REQUIREMENTS = Path(__file__).parents[1] / "requirements.txt"


def is_installed(extra: str) -> bool:
    """Return whether the packages of an extra can be imported."""
    return all(map(find_spec, _MODULES[extra]))


def install_command(extra: str) -> str:
    """Return the command that installs the packages of an extra."""
    from importlib.metadata import PackageNotFoundError, version  # takes a tenth of the program's start

    try:
        version("colorizer")
    except PackageNotFoundError:  # run from a checkout, whose requirements contain these extras
        return f"pip install -r {_REQUIREMENTS}"
    return f'pip install "colorizer[{extra}]"'


def refuse_without(extra: str, what: str) -> None:
    """Raise ColorizeError with the command that helps if packages of an extra are missing.

    Args:
        extra: The name of the extra.
        what: What needs them, as the subject of a sentence, such as "Training".
    """
    if not is_installed(extra):
        raise ColorizeError(f"{what} needs packages that are not installed. Run: {install_command(extra)}")
