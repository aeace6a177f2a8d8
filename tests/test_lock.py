"""The lock file beside requirements.txt."""

import re

from packaging.requirements import Requirement

from tests.conftest import PROJECT


def test_the_lock_satisfies_what_is_required_and_hashes_all_of_it():
    required = [Requirement(line) for line in lines("requirements.txt") if not line.startswith("#")]
    entries = re.split(r"\n(?=[a-zA-Z])", "\n".join(lines("requirements.lock")))
    pinned: dict[str, list[str]] = {}
    for entry in entries:
        if found := re.match(r"([\w.-]+)==([^\s;]+)", entry):
            assert "--hash=sha256:" in entry, entry
            pinned.setdefault(found[1], []).append(found[2])
    for requirement in required:
        assert any(requirement.specifier.contains(version) for version in pinned.get(requirement.name, ())), requirement
    assert len(pinned) > len(required)


def lines(name: str) -> list[str]:
    return (PROJECT / name).read_text(encoding="utf-8").splitlines()
