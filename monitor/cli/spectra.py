"""Mean spectra of a stored label map."""

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.orm import Session

from monitor.store.history import label_stats_of


def mean_spectra(session: Session, scene_pk: int, kind: str, k: int) -> tuple[NDArray[np.float64] | None, list[str]]:
    """Mean reflectance (k, bands) of every label and the bands; NaN for a label without pixels, None without any."""
    stats = label_stats_of(session, scene_pk, kind)
    if not stats:
        return None, []
    bands = list(stats[0].bands)
    spectra = np.full((k, len(bands)), np.nan)
    for stat in stats:
        spectra[stat.label] = stat.mean
    return spectra, bands
