"""Statistics of one label of one scene."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LabelStats:
    """Pixels and area of a label, and what its reflectance is like in each of `bands`.

    `quantiles` has a tuple of the values at `clustering.quantiles.SHARES` for every band, `unique` the number of
    different values; both are empty where they were not counted.
    """

    label: int
    pixels: int
    area_m2: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    bands: tuple[str, ...]
    quantiles: tuple[tuple[float, ...], ...] = ()
    unique: tuple[int, ...] = ()
