"""What the shadows of a scene take of each band, and what light the air adds.

Where a share z of the direct light is gone, ground g is darker by z l (g - d), see `explain`: in every band a straight
line in z g and z. Its slopes are found by weighted least squares (Huber's weights) that lean on what is expected.
"""

import numpy as np
from numpy.typing import NDArray

from monitor.ranks import DEVIATIONS, median

TAKEN_DOUBT = 0.3
"""How far the share of light may be from the expected, relative to it."""
AIR_DOUBT, AIR_SHARE_DOUBT = 0.01, 0.25
"""How far the light of the air may be from the expected, in reflectance, and besides as a share of it."""
FEWEST_TAKEN, MOST_TAKEN = 0.5, 2.0
"""The shares of light that are believed, relative to what is expected."""
ALIKE_PX = 300.0
"""So many neighbours in the shade err alike, and count as one."""
TURNS, HUBER = 5, 1.5


def shadow_colour(
    depth: NDArray[np.float32],
    ground: NDArray[np.float32],
    scene: NDArray[np.float32],
    taken: NDArray[np.float32],
    air: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Share of light that a full shadow takes and light of the air, (bands,), where `taken` and `air` are expected.

    Of shaded pixels with their `depth` (pixels,): `ground` as it would be in the sun, `scene` as it is, both
    (bands, pixels). No shadow is deeper than 1: where these are beyond it, a full shadow takes more than was thought.
    """
    line = np.stack([depth * ground, np.broadcast_to(depth, ground.shape)], axis=1)
    missing = (ground - scene)[:, np.newaxis]
    expected = np.stack([taken, -taken * air], axis=1)[:, :, np.newaxis]
    doubt = np.stack([TAKEN_DOUBT * taken, (AIR_DOUBT + AIR_SHARE_DOUBT * air) * taken], axis=1)[:, :, np.newaxis]
    precision = doubt**-2
    found = expected
    for _ in range(TURNS):
        left = np.abs(missing - found.swapaxes(1, 2) @ line)
        noise = DEVIATIONS * median(left)[:, :, np.newaxis] + 1e-6
        weighted = line * (np.minimum(1, HUBER * noise / np.maximum(left, 1e-9)) / (noise**2 * ALIKE_PX))
        square = weighted @ line.swapaxes(1, 2) + np.eye(2) * precision
        found = np.linalg.solve(square, weighted @ missing.swapaxes(1, 2) + expected * precision)
    found, full = found[:, :, 0], max(float(np.median(depth)), 1.0)
    part = np.clip(found[:, 0], FEWEST_TAKEN * taken, MOST_TAKEN * taken / full)
    return (part * full).astype(np.float32), (-found[:, 1] / part).astype(np.float32)
