"""What the sweep over k found on one scene."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class SweepEntry:
    """K-means for one k: `inertia` summed over all valid pixels, mean `silhouette` of a stratified sample.

    `centroids` float32 (k, bands) lie in the reference's scaled feature space, dark to bright.
    `simplified_silhouette` is the mean over all valid pixels with centroids in place of clusters (Hruschka et al.
    2006), None where it was not taken.
    """

    k: int
    inertia: float
    silhouette: float
    centroids: NDArray[np.float32]
    simplified_silhouette: float | None = None


@dataclass(frozen=True, eq=False)
class Sweep:
    """All entries in order of k, the chosen one and why, and the seed and sample size that repeat it."""

    entries: tuple[SweepEntry, ...]
    chosen_k: int
    reason: str
    seed: int
    sample_size: int

    @property
    def chosen(self) -> SweepEntry:
        """The entry of the chosen k."""
        return next(entry for entry in self.entries if entry.k == self.chosen_k)
