"""New bright ground on clear dates: whether it is told from cloud.

    python benchmarks/new_ground.py [--shared ../shared] [--work DIR] [--seeds 1-2] [--cover 0]

Lays ragged discs of ten surfaces on the date of every generated series whose share of cloud is nearest to `--cover`,
one at a time, in four sizes, edges softened by half a pixel, and prints how many of them are mostly called anomaly,
how many cloud; with all bands of a site and with blue to near infrared. Spectra are rounded from the usual libraries.
"""

import argparse
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from series import BANDS, SHARED, Case, generate, opened, seeds_of, truth_on

from monitor.clustering.assign import label_map
from monitor.detection import detect
from monitor.detection.result import Flag
from monitor.scenes.normalise import normalise
from monitor.scenes.scene import Scene
from monitor.scenes.stack import Stack

VISIBLE_AND_NEAR = ("blue", "green", "red", "nir08")
SURFACES = {
    "laterite": (0.06, 0.07, 0.12, 0.24, 0.32, 0.42, 0.34),
    "dry soil": (0.11, 0.12, 0.17, 0.22, 0.29, 0.36, 0.31),
    "sand": (0.20, 0.22, 0.29, 0.36, 0.43, 0.50, 0.46),
    "bright sand": (0.27, 0.30, 0.40, 0.48, 0.55, 0.62, 0.56),
    "quarry": (0.32, 0.35, 0.42, 0.47, 0.50, 0.50, 0.44),
    "concrete": (0.22, 0.24, 0.27, 0.29, 0.32, 0.34, 0.31),
    "white roof": (0.52, 0.55, 0.58, 0.58, 0.56, 0.45, 0.35),
    "greenhouse": (0.36, 0.38, 0.40, 0.40, 0.45, 0.35, 0.25),
    "gypsum": (0.52, 0.55, 0.60, 0.63, 0.64, 0.52, 0.35),
    "salt": (0.57, 0.60, 0.63, 0.65, 0.62, 0.25, 0.15),
}
"""Reflectance in `BANDS`."""
RADII_PX = (6, 12, 25, 50)
TEXTURE, SOFT_PX = 0.3, 0.6


def place(shape: tuple[int, int], radius: int, luck: np.random.Generator) -> NDArray[np.bool_]:
    """A ragged disc in the middle half of a raster."""
    row, column = (luck.integers(length // 4, 3 * length // 4) for length in shape)
    rows, columns = np.ogrid[: shape[0], : shape[1]]
    ragged = cv2.GaussianBlur(luck.standard_normal(shape).astype(np.float32), (0, 0), max(radius / 3, 2))
    distance = np.hypot(rows - row, columns - column) + 0.35 * radius * ragged / ragged.std()
    return np.asarray(distance < radius)


def laid_on(scene: Scene, where: NDArray[np.bool_], surface: str, luck: np.random.Generator) -> Scene:
    """The scene with a surface in a place."""
    colour = np.array([SURFACES[surface][BANDS.index(band)] for band in scene.bands], np.float32)
    uneven = cv2.GaussianBlur(luck.standard_normal(where.shape).astype(np.float32), (0, 0), 2)
    share = cv2.GaussianBlur(where.astype(np.float32), (0, 0), SOFT_PX)
    ground = colour[:, None, None] * (1 + TEXTURE * uneven)
    values = scene.reflectance * (1 - share) + ground * share
    return replace(scene, stack=Stack.of(values.astype(np.float32), scene.valid))


def verdicts(case: Case, work: Path, cover: float) -> list[tuple[str, str, int]]:
    """Bands, surface and the flag that most of it has, of every disc on one date of a series."""
    found = []
    for name, bands in (("all", case.bands), ("four", VISIBLE_AND_NEAR)):
        some = opened(case.within(bands), work)
        truths = {path.stem: truth_on(some.reference.grid, path) for path in case.truths}
        date = min(truths, key=lambda item: abs(float((truths[item] == Flag.CLOUD).mean()) - cover))
        scene, open_ground = some.scene(date), truths[date] == Flag.CLEAR
        for surface in SURFACES:
            for radius in RADII_PX:
                luck = np.random.default_rng([radius, len(surface)])
                where = place(scene.valid.shape, radius, luck) & open_ground
                laid = normalise(laid_on(scene, where, surface, luck), some.reference)
                features = laid.reference.feature_stack(laid.scene.stack)
                labels = label_map(features, laid.reference.centroids)  # which witness weighs findings is all one here
                flags = detect(laid.scene, laid.reference, labels, labels).flags
                seen = np.bincount(flags[where & (flags < Flag.NO_ANSWER)], minlength=4)
                found.append((name, surface, int(seen.argmax())))
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=SHARED)
    parser.add_argument("--work", type=Path)
    parser.add_argument("--seeds", default="1-2")
    parser.add_argument("--cover", type=float, default=0.0)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        work = asked.work or Path(folder)
        cases = generate(asked.shared, work, seeds_of(asked.seeds), ("generated",))
        with ProcessPoolExecutor(2) as pool:
            every = pool.map(partial(verdicts, work=work, cover=asked.cover), cases)
            found = [verdict for some in every for verdict in some]
    print("| surface | bands | anomaly | cloud | of |\n|---|---|---|---|---|")
    for surface in SURFACES:
        for bands in ("all", "four"):
            flags = [flag for name, of, flag in found if (name, of) == (bands, surface)]
            print(f"| {surface} | {bands} | {flags.count(Flag.ANOMALY)} | {flags.count(Flag.CLOUD)} | {len(flags)} |")


if __name__ == "__main__":
    main()
