import math

import pytest

from colorizer.inspection.layers import layer_table, resolution_layers
from colorizer.network.architectures import build
from colorizer.settings import ModelSettings


@pytest.fixture(scope="module")
def network():
    return build(ModelSettings(size=128, filters=(8, 12, 16)))


@pytest.fixture(scope="module")
def rows(network):
    measured = [layer.name for layer in resolution_layers(network.model)]
    return layer_table(network.model, network.size, [*measured, "chroma"])


def test_the_formula_s_receptive_field_is_the_one_that_is_measured(rows):
    measured = {row.name: (row.receptive_field, row.measured_field) for row in rows if row.measured_field}
    assert len(measured) == 5
    assert all(formula == gradient for formula, gradient in measured.values()), measured


def test_parameters_come_about_as_the_formula_says(network, rows):
    for row in rows:
        terms = [term.split("*") for term in row.formula.split(" + ")] if row.formula else []
        assert sum(math.prod(map(int, term)) for term in terms) == row.parameters
    assert sum(row.parameters for row in rows) == network.model.count_params()
    assert next(row for row in rows if row.kind == "Conv2D").formula == "3*3*1*8 + 8"


def test_the_shares_of_time_make_a_step(rows):
    assert sum(row.time_share for row in rows if math.isfinite(row.time_share)) == pytest.approx(1)
    assert math.isfinite(next(row for row in rows if row.kind == "Conv2D").time_share)
