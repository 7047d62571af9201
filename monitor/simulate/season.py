"""What the ground reflects on a day of the year."""

from dataclasses import dataclass

import numpy as np

from monitor.simulate.ground import Ground
from monitor.simulate.noise import Floats
from monitor.simulate.spectra import AUTUMN_LEAF, DRY, SOIL, TURBID, Cover, cover_table


@dataclass(frozen=True)
class Phenology:
    """Share of green cover over the year: `low` in winter, `high` in summer, days of the year of both turns.

    `dry` is the share of what is not green that is dead plants, the rest is soil. The amplitudes are those
    of fields where rotation, weeds and cover crops dampen what one crop alone would show.
    """

    low: float
    high: float
    up_day: float
    up_days: float
    down_day: float
    down_days: float
    dry: float


EVERGREEN = Phenology(1.0, 1.0, 100, 10, 300, 10, 0.0)
GROWTH = {
    Cover.CORN: Phenology(0.36, 0.76, 166, 12, 268, 12, 0.30),
    Cover.SOY: Phenology(0.32, 0.75, 170, 12, 262, 9, 0.25),
    Cover.WHEAT: Phenology(0.38, 0.76, 115, 12, 200, 9, 0.75),
    Cover.HAY: Phenology(0.55, 0.80, 115, 14, 290, 20, 0.70),
    Cover.FALLOW: Phenology(0.14, 0.30, 160, 20, 280, 20, 0.35),
    Cover.DECIDUOUS: Phenology(0.40, 1.0, 130, 6, 288, 7, 1.0),
    Cover.CONIFER: EVERGREEN,
    Cover.LAWN: Phenology(0.60, 0.88, 110, 12, 305, 14, 0.85),
    Cover.TREES: Phenology(0.50, 0.96, 130, 7, 288, 8, 0.8),
}


def green_share(kind: Cover, day: float, lateness: Floats) -> Floats:
    """Green share of parcels of one cover on a day of the year, given how many days late each is."""
    growth = GROWTH[kind]
    shifted = day - lateness
    rise = 1 / (1 + np.exp(-np.clip((shifted - growth.up_day) / growth.up_days, -30, 30)))
    fall = 1 / (1 + np.exp(-np.clip((shifted - growth.down_day) / growth.down_days, -30, 30)))
    return np.asarray(growth.low + (growth.high - growth.low) * (rise - fall).clip(0, 1), np.float32)


def surface(ground: Ground, day: float) -> Floats:
    """Reflectance of the ground on a day of the year, float32 (bands, fine rows, fine columns)."""
    spectra, covers = cover_table(), len(Cover)
    weights = np.zeros((3, covers, len(ground.vigour)), np.float32)  # of green, of dry plants, of soil
    weights[0] = 1
    for kind, growth in GROWTH.items():
        green = green_share(kind, day, ground.lateness)
        if kind in (Cover.CORN, Cover.SOY, Cover.WHEAT, Cover.HAY, Cover.FALLOW):
            green = np.clip(green + 0.24 * ground.vigour, 0.03, 0.97)
        weights[0, kind], weights[1, kind] = green, (1 - green) * growth.dry
        weights[2, kind] = (1 - green) * (1 - growth.dry)
    cell = ground.cover.astype(np.int64) * len(ground.vigour) + ground.parcel
    bright = (1 + ground.texture) * (1 - 0.02 * ground.wetness)
    soil_wet = 1 - 0.16 * ground.wetness
    cube = np.empty((len(SOIL), *ground.cover.shape), np.float32)
    for band in range(len(SOIL)):
        dead = np.full(covers, DRY[band], np.float32)
        dead[[Cover.DECIDUOUS, Cover.TREES]] = AUTUMN_LEAF[band]
        living = (weights[0] * spectra[:, band, None] + weights[1] * dead[:, None]).ravel()
        bare = (weights[2] * SOIL[band]).ravel()
        cube[band] = living[cell] + bare[cell] * soil_wet
        cube[band] *= bright
        cube[band] += ground.turbidity * (TURBID[band] - spectra[Cover.LAKE, band])
    return cube
