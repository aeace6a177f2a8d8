"""The lock files beside requirements.txt."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.conftest import PROJECT


def required() -> list[Requirement]:
    lines = (PROJECT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if not line.startswith("#")]


def extras() -> list[Requirement]:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    listed = [Requirement(line) for lines in project["optional-dependencies"].values() for line in lines]
    return [requirement for requirement in listed if requirement.name != project["name"]]


def pinned(name: str) -> dict[str, list[str]]:
    """The versions of each package in a lock file, all of which have hashes."""
    versions: dict[str, list[str]] = {}
    for entry in re.split(r"\n(?=[a-zA-Z])", (PROJECT / name).read_text(encoding="utf-8")):
        if found := re.match(r"([\w.-]+)==([^\s;]+)", entry):
            assert "--hash=sha256:" in entry, entry
            versions.setdefault(found[1], []).append(found[2])
    return versions


@pytest.mark.parametrize(
    ("name", "requirements"),
    [("requirements.lock", required()), ("requirements-extras.lock", [*required(), *extras()])],
)
def test_a_lock_satisfies_what_is_required_and_hashes_all_of_it(name, requirements):
    versions = pinned(name)
    for requirement in requirements:
        assert any(requirement.specifier.contains(version) for version in versions.get(requirement.name, ())), (
            requirement
        )
    assert len(versions) > len(requirements)


def test_the_extras_are_installed_on_top_of_the_same_versions():
    without, with_extras = pinned("requirements.lock"), pinned("requirements-extras.lock")
    assert {name: with_extras[name] for name in without} == without
