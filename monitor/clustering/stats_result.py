"""Statistics of one label of one scene."""

from dataclasses import dataclass


@dataclass(frozen=True)
class LabelStats:
    """Pixels and area of a label, and mean and standard deviation of the reflectance in each of `bands`."""

    label: int
    pixels: int
    area_m2: float
    mean: tuple[float, ...]
    std: tuple[float, ...]
    bands: tuple[str, ...]
