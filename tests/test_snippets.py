"""The commands and programs in README.md and docs/API.md, run as they stand."""

import re
import shlex
import shutil
import subprocess
import textwrap
import tomllib

import numpy as np
import pytest
from PIL import Image

from benchmarks.api_reference import page
from tests.conftest import PROJECT, SHIPPED
from tests.film.scenes import two_scenes

_SMALL = ("--start", "create", "--architecture", "chroma_unet", "--size", "32", "--epochs", "1", "--batch-size", "1")
"""Flags that make a training of the README short."""


def blocks(name: str) -> list[tuple[str, str]]:
    """The code of a document, each with its language; indented blocks are commands."""
    text = (PROJECT / name).read_text(encoding="utf-8")
    fenced = re.findall(r"^```(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(
        r"(?:^    .*\n)+", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL), re.MULTILINE
    )
    return [*fenced, *(("sh", textwrap.dedent(block)) for block in indented)]


def programs(name: str) -> list[str]:
    return [code for language, code in blocks(name) if language == "python"]


def commands(name: str) -> list[str]:
    return [line for language, code in blocks(name) if language == "sh" for line in code.splitlines()]


@pytest.fixture
def at_home(tmp_path, monkeypatch):
    """A folder with the files that the documents name."""
    (tmp_path / "my old photos").mkdir()
    with Image.open(SHIPPED / "camera.png") as photo:
        photo.save(tmp_path / "grandmother.jpg")
    with Image.open(SHIPPED / "coffee.png") as photo:
        photo.save(tmp_path / "wedding-in-color.jpg")
    with Image.open(SHIPPED / "camera.png") as photo:
        for number in range(2):
            photo.crop((0, 0, 200 + number, 200)).save(tmp_path / "my old photos" / f"{number}.jpg")
    (tmp_path / "color photos").mkdir()
    cat = np.asarray(Image.open(SHIPPED / "chelsea.png"))
    for number in range(8):
        Image.fromarray(cat[:100, 10 * number : 10 * number + 100]).save(tmp_path / "color photos" / f"{number}.png")
    two_scenes(tmp_path / "wedding.mp4", 3)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_reference_of_the_python_api_is_up_to_date():
    assert (PROJECT / "docs" / "API.md").read_text(encoding="utf-8") == page()


@pytest.mark.parametrize(
    "code",
    [
        pytest.param(code, id=f"{name}-{n}")
        for name in ("README.md", "docs/API.md")
        for n, code in enumerate(programs(name))
    ],
)
def test_programs_run_as_they_stand(code, at_home):
    exec(compile(code, "snippet", "exec"), {})


def test_the_readme_has_programs_and_commands():
    assert programs("README.md")
    assert sum(line.startswith("python colorize.py") for line in commands("README.md")) > 5


def test_what_the_readme_installs_exists():
    extras = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    for line in commands("README.md"):
        words = shlex.split(line)
        if words[:2] == ["pip", "install"]:
            for word in words[2:]:
                named = re.fullmatch(r"\.(?:\[([\w,]+)\])?", word)
                assert word == "-r" or (PROJECT / word).is_file() or named, line
                assert not named or set((named[1] or "film").split(",")) <= set(extras), line


def _is_long(line: str) -> bool:
    return " train " in line or "--model latest" in line


def _run(lines: list[str], command, more: tuple[str, ...] = ()) -> None:
    for line in lines:
        words = shlex.split(line)
        if words[0] == "echo":
            subprocess.run(line, shell=True, check=True)
        elif words[:2] == ["python", "colorize.py"]:
            flags = words[2:]
            if flags[:1] == ["studio"]:  # which tests/studio starts
                flags.append("--help")
            done = command(*flags, *(more if "train" in flags else ()), typed="\n" * 30)
            assert done.returncode == 0, line + done.stdout + done.stderr


def test_commands_of_the_readme_run_as_they_stand(at_home, command):
    _run([line for line in commands("README.md") if not _is_long(line)], command)
    assert len(list(at_home.glob("grandmother-color*.jpg"))) == 1
    assert list(at_home.glob("OUTPUT/results/*/wedding.mp4"))


@pytest.mark.slow
def test_the_readme_trains_and_uses_the_model(at_home, command):
    _run([line for line in commands("README.md") if _is_long(line)], command, _SMALL)
    assert list(at_home.glob("OUTPUT/models/*/model.h5"))
    shutil.rmtree(at_home / "OUTPUT")
