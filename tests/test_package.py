"""The package as it is installed and imported."""

import subprocess
import sys
import tomllib

import pytest

from tests.conftest import PROJECT


def python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_importing_the_package_and_its_faces_loads_no_library():
    faces = "colorizer.photos, colorizer.dataset, colorizer.network, colorizer.inference, colorizer.training, "
    faces += "colorizer.evaluation, colorizer.pictures, colorizer.runs, colorizer.conversation, colorizer.console, "
    faces += "colorizer.studio, colorizer.film"
    code = f"import sys, colorizer, {faces}; print([n for n in ('tensorflow', 'numpy', 'PIL') if n in sys.modules])"
    assert python(code) == "[]"


@pytest.mark.slow
def test_every_name_a_face_promises_is_there():
    code = """
import importlib, importlib.util, pkgutil, colorizer
has_ray = importlib.util.find_spec("ray")
for found in [colorizer, *map(importlib.import_module, (m.name for m in pkgutil.iter_modules(
        colorizer.__path__, "colorizer.") if m.ispkg))]:
    if found.__name__ == "colorizer.machines" and not has_ray:
        continue
    for name in getattr(found, "__all__", ()):
        assert not isinstance(getattr(found, name), type(colorizer)), f"{found.__name__}.{name} is a module"
print("all")
"""
    assert python(code) == "all"


def test_the_package_depends_on_what_requirements_say():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "dependencies" in project["project"]["dynamic"]
    assert project["tool"]["setuptools"]["dynamic"]["dependencies"] == {"file": ["requirements.txt"]}


@pytest.mark.slow
def test_the_module_is_the_program_too():
    done = subprocess.run(
        [sys.executable, "-m", "colorizer", "--help"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert "colorize" in done.stdout
    assert "--vividness" in done.stdout
