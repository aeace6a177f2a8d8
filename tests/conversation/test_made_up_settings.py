"""Settings files that Hypothesis makes up, in JSON and TOML."""

import json
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from colorizer.conversation.conversation import WrongFlag
from colorizer.conversation.settings_file import IN_A_FILE, read_settings

A_NAME = some.sampled_from(sorted({part for name in IN_A_FILE for part in name.split(".")})) | some.text(max_size=4)
A_TABLE = some.sampled_from(["model", "settings", "adversarial"])
A_VALUE = some.none() | some.booleans() | some.integers() | some.floats() | some.text(max_size=6) | A_NAME
TABLE = some.recursive(
    some.dictionaries(A_NAME, A_VALUE | some.lists(A_VALUE, max_size=3), max_size=4),
    lambda inner: some.dictionaries(
        some.sampled_from(["model", "settings", "adversarial"]) | A_NAME, inner, max_size=3
    ),
    max_leaves=6,
)
WRITTEN = some.binary(max_size=40) | (TABLE | A_VALUE).map(lambda value: json.dumps(value).encode())


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(content=WRITTEN, ending=some.sampled_from([".json", ".toml"]))
def test_settings_are_read_or_refused_with_the_file_named(tmp_path: Path, content, ending):
    path = tmp_path / f"settings{ending}"
    path.write_bytes(content)
    try:
        answers = read_settings(path)
    except WrongFlag as wrong:
        assert str(wrong).startswith(f"--settings {path}: ")
        assert str(wrong).endswith((".", "?"))
    else:
        assert set(answers) <= {question.name for question in IN_A_FILE.values()} | {"training"}
