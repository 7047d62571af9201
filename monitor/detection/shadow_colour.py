"""What the shadows of a scene take of each band, and what light the air adds.

Where a share z of the direct light is gone, ground g is darker by z l (g - d), see `explain`: in every band a straight
line in z g and z. Its slopes are found by weighted least squares (Huber's weights) that lean on what is expected.
"""

import numpy as np
from numpy.typing import NDArray

TAKEN_DOUBT, AIR_DOUBT = 0.3, 0.01
"""How far a share of light may be from the expected, relative to it, and the light of the air, in reflectance."""
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
    (bands, pixels).
    """
    slopes = np.stack([depth * ground, np.broadcast_to(depth, ground.shape)])
    missing = ground - scene
    expected = np.stack([taken, -taken * air], axis=1)
    doubt = np.stack([TAKEN_DOUBT * taken, AIR_DOUBT * taken], axis=1)
    found = expected
    for _ in range(TURNS):
        left = np.abs(missing - np.einsum("ibn,bi->bn", slopes, found))
        noise = 1.4826 * np.median(left, axis=1, keepdims=True) + 1e-6
        weight = np.minimum(1, HUBER * noise / np.maximum(left, 1e-9)) / (noise**2 * ALIKE_PX)
        square = np.einsum("ibn,jbn,bn->bij", slopes, slopes, weight) + np.eye(2) / doubt[:, :, np.newaxis] ** 2
        common = np.einsum("ibn,bn->bi", slopes, weight * missing) + expected / doubt**2
        found = np.linalg.solve(square, common[:, :, np.newaxis])[:, :, 0]
    part = np.clip(found[:, 0], FEWEST_TAKEN * taken, MOST_TAKEN * taken)
    return part.astype(np.float32), (-found[:, 1] / part).astype(np.float32)
