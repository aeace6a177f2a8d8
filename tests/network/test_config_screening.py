import json
import sys

import pytest

from colorizer.network.config_screening import screen_config
from colorizer.network.suspicious import Suspicious
from colorizer.settings import ModelLimits

LIMITS = ModelLimits()


def test_what_lies_between_quotes_is_no_depth():
    network = {"name": "[" * 500 + '\\"' + "{" * 500 + "\\", "layers": [[[]]]}
    assert screen_config(json.dumps(network).encode(), LIMITS) == network


@pytest.mark.parametrize("sign", ["[", '{"a":'])
def test_descriptions_nested_deeper_than_any_are_refused_before_they_are_parsed(sign):
    depth = sys.getrecursionlimit() * 20
    with pytest.raises(Suspicious, match="more than 100 deep"):
        screen_config((sign * depth).encode(), LIMITS)
    escaped = json.dumps({"\\": ['"\\']}).encode()  # after which the brackets are outside quotes again
    with pytest.raises(Suspicious, match="more than 100 deep"):
        screen_config(escaped[:-1] + b',"b":' + (sign * 200).encode(), LIMITS)


def test_more_values_than_any_are_refused_before_they_are_parsed():
    with pytest.raises(Suspicious, match="larger than any"):
        screen_config(b"[" + b"{}," * 500_000 + b"{}]", LIMITS)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_only_utf_8_is_read_since_only_that_was_measured(encoding):
    with pytest.raises(ValueError):
        screen_config(json.dumps({"class_name": "Dense"}).encode(encoding), LIMITS)
