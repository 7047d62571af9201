"""What is as bright as a cloud in the visible, and what it should be in the infrared if it were one."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from monitor.detection.canvas import Canvas
from monitor.detection.difference import LEAST_CONTRAST
from monitor.detection.look import Look

SOIL = 0.7
"""Bright soil adds at least so much more light in the short-wave infrared than a cloud as bright in the visible, and in
the place of plants so much less in the near infrared."""


def swir_excess(
    canvas: Canvas, seen: Look, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Opacity of pixels by the visible, and by how much they are brighter in the short-wave infrared than such a cloud.

    The latter as a share of the contrast of a thick cloud; both (pixels,), 0 where nothing is known of the ground.
    """
    more, contrast, known = beside_cloud(canvas, seen, rows, columns)
    opacity = share_of(more, contrast, canvas.bright_bands)
    excess = share_of(more - opacity * contrast, contrast, swir_bands(canvas))
    return np.where(known, opacity, 0).astype(np.float32), np.where(known, excess, 0).astype(np.float32)


def soil(canvas: Canvas, seen: Look, places: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Which pixels (flat indices) are brighter in the short-wave infrared than any cloud as bright elsewhere.

    Elsewhere is the visible or, as the correction of the air takes too much light off fringes there, the near infrared.
    Without the short-wave infrared, those that are darker in the near infrared than a cloud as bright in the visible:
    soil in the place of plants. None is told on ground as bright as clouds.
    """
    swir, near = swir_bands(canvas), canvas.bands_of("nir08")
    if not places.size or not (swir or near):
        return np.zeros(places.shape, bool)
    more, contrast, known = beside_cloud(canvas, seen, *np.divmod(places, canvas.shape[1]))
    known &= contrast[canvas.bright_bands].mean(axis=0) > LEAST_CONTRAST
    visible = share_of(more, contrast, canvas.bright_bands)
    infrared = share_of(more, contrast, near) if near else visible
    if not swir:
        return np.asarray(known & (visible > (1 + SOIL) * infrared))
    return np.asarray(known & (share_of(more, contrast, swir) > (1 + SOIL) * np.maximum(visible, infrared)))


def swir_bands(canvas: Canvas) -> list[int]:
    """Numbers of the bands of the short-wave infrared."""
    return canvas.bands_of("swir16", "swir22")


def beside_cloud(
    canvas: Canvas, seen: Look, rows: NDArray[np.intp], columns: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """What pixels gained over today's ground and what thick cloud would have added, (bands, pixels).

    And where the ground is known, (pixels,).
    """
    reference, known = canvas.reference, canvas.compared_at(rows, columns)
    label = np.where(known, reference.labels[rows, columns], 0)
    ground = reference.stack.at(rows, columns) + seen.ground.season[label].T
    return canvas.scene.stack.at(rows, columns) - ground, canvas.colours.cloud[:, None] - ground, known


def share_of(more: NDArray[np.float64], contrast: NDArray[np.float64], bands: Sequence[int]) -> NDArray[np.float64]:
    """What was gained in some bands as a share of what thick cloud would have added, (pixels,)."""
    return np.asarray(more[bands].mean(axis=0) / np.maximum(contrast[bands].mean(axis=0), LEAST_CONTRAST))
