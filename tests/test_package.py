"""The package as it is installed and imported."""

import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from colorizer import packages
from colorizer.errors import ColorizeError
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


PROJECT_FILE = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def specifiers(lines: list[str]) -> dict[str, str]:
    """The versions that requirements allow, by package."""
    requirements = map(Requirement, lines)
    return {requirement.name: str(requirement.specifier) for requirement in requirements}


def test_requirements_are_what_the_six_commands_need():
    extras = PROJECT_FILE["optional-dependencies"]
    listed = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()[1:]
    assert specifiers(listed) == specifiers([*PROJECT_FILE["dependencies"], *extras["train"], *extras["film"]])
    assert specifiers(extras["repair"]).items() <= specifiers(listed).items()


@pytest.mark.parametrize(("litert", "extra"), [("x86_64", ""), ("riscv64", "tensorflow keras h5py")])
def test_only_where_litert_has_no_wheel_tensorflow_is_installed(litert, extra):
    machine = {"sys_platform": "linux", "platform_machine": litert}
    requirements = map(Requirement, PROJECT_FILE["dependencies"])
    installed = {each.name for each in requirements if not each.marker or each.marker.evaluate(machine)}
    assert installed & {"tensorflow", "keras", "h5py"} == set(extra.split())
    assert ("ai-edge-litert" in installed) == (not extra)
    assert installed.isdisjoint({"scipy", "scikit-image", "matplotlib", "av", "ray", "boto3"})


def test_extras_of_earlier_versions_are_still_known():
    assert {"resnet18", "tensorboard", "raw", "film", "cluster", "s3", "studio"} <= set(
        PROJECT_FILE["optional-dependencies"]
    )


def test_an_error_names_the_command_that_installs_what_is_missing(monkeypatch):
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(ColorizeError, match=r"^Training needs packages that are not installed\. Run: pip install "):
        packages.refuse_without("train", "Training")
    assert not packages.is_installed("film")


@pytest.mark.slow
def test_the_module_is_the_program_too():
    done = subprocess.run(
        [sys.executable, "-m", "colorizer", "--help-all"], cwd=PROJECT, capture_output=True, text=True, check=True
    )
    assert "colorize" in done.stdout
    assert "--vividness" in done.stdout
