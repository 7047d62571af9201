"""Surface reflectance of what the simulated ground, sky and changes are made of."""

from enum import IntEnum

import numpy as np

from monitor.simulate.noise import Floats

BANDS = ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22")
"""Bands of the simulated scenes by common name, in order of wavelength."""


class Cover(IntEnum):
    """Land cover of a parcel."""

    CORN = 0
    SOY = 1
    WHEAT = 2
    HAY = 3
    FALLOW = 4
    DECIDUOUS = 5
    CONIFER = 6
    LAWN = 7
    TREES = 8
    ROOF = 9
    BRIGHT_ROOF = 10
    ASPHALT = 11
    CONCRETE = 12
    SAND = 13
    RIVER = 14
    LAKE = 15


CROPS = (Cover.CORN, Cover.SOY, Cover.WHEAT, Cover.HAY, Cover.FALLOW)
FOREST = (Cover.DECIDUOUS, Cover.CONIFER)
WATER = (Cover.RIVER, Cover.LAKE)

# Typical values of spectral libraries and of clear Landsat 8 surface reflectance over mid-latitudes.
FULL_GREEN = {
    Cover.CORN: (0.020, 0.026, 0.064, 0.032, 0.460, 0.205, 0.085),
    Cover.SOY: (0.021, 0.028, 0.074, 0.034, 0.520, 0.215, 0.090),
    Cover.WHEAT: (0.022, 0.030, 0.066, 0.040, 0.420, 0.190, 0.085),
    Cover.HAY: (0.026, 0.036, 0.078, 0.050, 0.400, 0.220, 0.105),
    Cover.FALLOW: (0.030, 0.040, 0.080, 0.060, 0.330, 0.230, 0.125),
    Cover.DECIDUOUS: (0.011, 0.016, 0.042, 0.020, 0.365, 0.160, 0.062),
    Cover.CONIFER: (0.009, 0.013, 0.026, 0.016, 0.220, 0.088, 0.034),
    Cover.LAWN: (0.028, 0.040, 0.084, 0.056, 0.350, 0.225, 0.115),
    Cover.TREES: (0.016, 0.022, 0.048, 0.028, 0.310, 0.150, 0.065),
    Cover.ROOF: (0.078, 0.089, 0.105, 0.118, 0.150, 0.175, 0.162),
    Cover.BRIGHT_ROOF: (0.270, 0.300, 0.340, 0.365, 0.410, 0.410, 0.370),
    Cover.ASPHALT: (0.070, 0.080, 0.095, 0.102, 0.125, 0.145, 0.135),
    Cover.CONCRETE: (0.140, 0.165, 0.200, 0.222, 0.265, 0.290, 0.265),
    Cover.SAND: (0.120, 0.150, 0.210, 0.255, 0.320, 0.380, 0.340),
    Cover.RIVER: (0.030, 0.040, 0.056, 0.048, 0.028, 0.012, 0.008),
    Cover.LAKE: (0.020, 0.025, 0.024, 0.011, 0.005, 0.003, 0.002),
}
SOIL = (0.048, 0.060, 0.086, 0.118, 0.182, 0.262, 0.222)
DRY = (0.046, 0.062, 0.104, 0.138, 0.265, 0.320, 0.215)
AUTUMN_LEAF = (0.022, 0.032, 0.066, 0.092, 0.270, 0.205, 0.105)
TURBID = (0.055, 0.072, 0.092, 0.066, 0.022, 0.007, 0.005)
BURN = (0.024, 0.029, 0.036, 0.043, 0.070, 0.130, 0.140)
FLOOD = (0.060, 0.078, 0.105, 0.108, 0.052, 0.020, 0.012)
MUD = (0.045, 0.058, 0.082, 0.105, 0.150, 0.170, 0.125)
BARE_SITE = (0.120, 0.150, 0.215, 0.285, 0.360, 0.440, 0.400)
SHIP = (0.300, 0.315, 0.330, 0.345, 0.340, 0.310, 0.275)
CLOUD = (0.700, 0.715, 0.720, 0.735, 0.760, 0.560, 0.420)
CIRRUS = (0.520, 0.520, 0.515, 0.515, 0.530, 0.330, 0.250)
LIGHT_LEFT = (0.42, 0.39, 0.35, 0.31, 0.27, 0.23, 0.22)
"""Share of the light left in the full shadow of a cloud: the sky's, most of it blue."""
HAZE = (1.00, 0.80, 0.50, 0.32, 0.14, 0.04, 0.02)
"""What an aerosol that the atmospheric correction missed adds, relative to the coastal band."""


def column(spectrum: tuple[float, ...]) -> Floats:
    """A spectrum as float32 (bands, 1, 1), to be broadcast over rasters."""
    return np.array(spectrum, np.float32)[:, None, None]


def cover_table() -> Floats:
    """`FULL_GREEN` as float32 (covers, bands)."""
    return np.array([FULL_GREEN[cover] for cover in Cover], np.float32)
