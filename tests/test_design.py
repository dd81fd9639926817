import numpy as np
import pytest
from fakes import UNCERTAINTIES, but, fake_scenario

from experiments import design


def test_one_point_is_the_central_values():
    table = design.points(fake_scenario(), 1, 7)
    assert table.names == () and table.values.shape == (1, 0)


def test_every_slice_of_every_range_is_used_once():
    n = 20
    table = design.points(fake_scenario(), n, 7)
    assert table.names == tuple(UNCERTAINTIES) and table.values.shape == (n, len(UNCERTAINTIES))
    for column, (low, high, _, _, scale, _) in zip(table.values.T, UNCERTAINTIES.values(), strict=True):
        place = np.log(column / low) / np.log(high / low) if scale == "log" else (column - low) / (high - low)
        assert sorted(np.floor(place * n)) == list(range(n))


def test_a_seed_gives_one_design():
    a, b, c = (design.points(fake_scenario(), 8, seed).values for seed in (1, 1, 2))
    assert (a == b).all() and (a != c).all()


def test_known_values_are_left_out():
    table = design.points(fake_scenario(), 4, 1, without=("pool_persons",))
    assert "pool_persons" not in table.names and table.values.shape == (4, len(UNCERTAINTIES) - 1)


def test_bad_requests_are_refused():
    with pytest.raises(ValueError, match="at least 1"):
        design.points(fake_scenario(), 0, 1)
    certain = but(fake_scenario(), uncertainties=lambda: [])
    with pytest.raises(ValueError, match="no value has a range"):
        design.points(certain, 5, 1)
