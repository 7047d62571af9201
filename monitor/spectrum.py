"""The reflective bands that are known: those of Landsat 8, by their STAC common name."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

BandName = Literal["coastal", "blue", "green", "red", "nir08", "cirrus", "swir16", "swir22"]
BANDS: tuple[str, ...] = get_args(BandName)
"""In order of wavelength."""
BAND_NAMES = {
    "coastal": "coastal blue",
    "blue": "blue",
    "green": "green",
    "red": "red",
    "nir08": "near infrared",
    "cirrus": "cirrus 1.4 µm",
    "swir16": "short-wave infrared 1.6 µm",
    "swir22": "short-wave infrared 2.2 µm",
}
WAVELENGTHS_UM = {
    "coastal": 0.443,
    "blue": 0.482,
    "green": 0.561,
    "red": 0.655,
    "nir08": 0.865,
    "cirrus": 1.373,
    "swir16": 1.609,
    "swir22": 2.201,
}
"""Centres of the bands of the Operational Land Imager (USGS, Landsat 8 Data Users Handbook)."""
VISIBLE = ("coastal", "blue", "green", "red")
VAPOUR_SCATTER = {"cirrus": 0.006}
"""Reflectance by which water vapour alone changes a band that it hides the ground from, in clear scenes."""


def vapour_scatter(bands: Sequence[str]) -> NDArray[np.float64]:
    """Reflectance by which vapour changes each band (bands,), 0 where it does not."""
    return np.array([VAPOUR_SCATTER.get(band, 0.0) for band in bands])


def wavelength_order(band: str) -> tuple[int, str]:
    """Sorts bands by wavelength, unknown ones last by name."""
    return BANDS.index(band) if band in BANDS else len(BANDS), band
