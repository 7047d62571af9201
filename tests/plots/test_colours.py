"""The palette can be told apart, by colour-blind people too."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from skimage.color import rgb2lab

from monitor.clustering.labels import NO_LABEL
from monitor.detection.result import Flag
from monitor.plots import FLAG_COLOURS, FLAG_TABLE, label_table

# Linear RGB as seen without red, green or blue cones (Machado, Oliveira and Fernandes 2009, severity 1).
BLIND = {
    "red": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "green": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "blue": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}


def seen_by(colour: tuple[int, ...], without: str) -> np.ndarray:
    value = np.array(colour[:3]) / 255
    linear = np.where(value <= 0.04045, value / 12.92, ((value + 0.055) / 1.055) ** 2.4)
    linear = np.clip(np.array(BLIND[without]) @ linear, 0, 1)
    value = np.where(linear <= 0.0031308, linear * 12.92, 1.055 * linear ** (1 / 2.4) - 0.055)
    return rgb2lab(value[None, None])[0, 0]


@pytest.mark.parametrize("without", BLIND)
def test_flags_differ_for_colour_blind_people(without: str) -> None:
    for one, other in combinations(FLAG_COLOURS, 2):
        gap = seen_by(FLAG_TABLE[one], without) - seen_by(FLAG_TABLE[other], without)
        assert np.linalg.norm(gap) > 20, (one, other)


def test_every_flag_has_a_colour_and_clear_ground_is_transparent() -> None:
    assert set(FLAG_TABLE) == {int(flag) for flag in Flag}
    assert FLAG_TABLE[Flag.CLEAR][3] == 0
    assert all(FLAG_TABLE[flag][3] == 255 for flag in Flag if flag is not Flag.CLEAR)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.integers(2, 12), st.integers(0, 1000))
def test_labels_never_share_a_colour(k: int, seed: int) -> None:
    spectra = np.random.default_rng(seed).uniform(0.01, 0.4, (k, 3))
    spectra[-1] = spectra[0]
    for table in (label_table(k, spectra, ("blue", "green", "red")), label_table(k)):
        assert set(table) == {*range(k), NO_LABEL}
        assert table[NO_LABEL] == (0, 0, 0, 0)
        lab = rgb2lab(np.array([[table[label][:3] for label in range(k)]]) / 255)[0]
        gaps = [np.linalg.norm(lab[one] - lab[other]) for one, other in combinations(range(k), 2)]
        assert min(gaps) > 4


def test_labels_look_like_their_ground() -> None:
    bands = ("blue", "green", "red", "nir08", "swir16", "swir22")
    water, forest, soil = (0.03, 0.03, 0.012, 0.005, 0.003, 0.002), (0.016, 0.042, 0.02, 0.36, 0.16, 0.06), (
        0.06, 0.09, 0.13, 0.2, 0.28, 0.24)  # fmt: skip
    table = label_table(3, np.array([water, forest, soil]), bands)
    assert np.argmax(table[0][:3]) == 2
    assert np.argmax(table[1][:3]) == 1
    assert np.argmax(table[2][:3]) == 0


def test_without_visible_bands_labels_run_from_dark_to_bright() -> None:
    table = label_table(6, np.ones((6, 2)), ("nir08", "swir16"))
    light = [rgb2lab(np.array([[table[label][:3]]]) / 255)[0, 0, 0] for label in range(6)]
    assert light == sorted(light)
