"""Pictures of docs/method.md: reference, scene with what was flagged, label maps, strength of borders."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from series import Case, generate, opened, real_cases

from monitor.clustering.labels import LabelMap
from monitor.detection.borders import misalignment
from monitor.pipeline import judge_scene
from monitor.plots import label_table, stretch_limits
from monitor.plots.image import Limits, paint, to_rgba
from monitor.plots.maps import draw_map, draw_outlines, flag_handles
from monitor.scenes.grid import Grid
from monitor.scenes.normalise import normalise

BANDS = ("swir16", "nir08", "red")
LARGEST_BYTES = 150_000


def write_pictures(shared: Path, work: Path, seed: int, folder: Path) -> None:
    """One picture of each of two real sets and a generated scene with cloud, shadow and anomaly."""
    folder.mkdir(parents=True, exist_ok=True)
    brumadinho, taizhou = real_cases(shared)
    draw_case(brumadinho, work, folder / "brumadinho.png")
    draw_case(taizhou, work, folder / "taizhou.png")
    draw_case(generate(shared, work, [seed], ["generated"])[0], work, folder / "generated.png")


def draw_case(case: Case, work: Path, path: Path) -> None:
    """Four maps of the last scene of a case: before, after with flags, labels, borders that are new or gone."""
    series = opened(case, work)
    reference, monitor = series.reference, series.settings.monitors[0]
    last = case.truths[-1].stem
    scene = series.scene(last)
    laid = normalise(scene, reference)
    result = judge_scene(scene, reference, monitor)
    flags, grid = result.detection.flags, scene.grid
    by_reference, by_sweep = result.maps["reference"], result.maps["sweep"]
    chosen = [scene.bands.index(band) for band in BANDS]
    known = reference.known
    limits = stretch_limits(reference.reflectance[chosen], known)
    figure = Figure(figsize=(8.2, 8.0 * grid.height / grid.width + 0.8), layout="constrained")
    axes = figure.subplots(2, 2)
    image(axes[0, 0], reference.reflectance[chosen], known, grid, limits, f"reference {reference.scene_id[17:25]}")
    image(axes[0, 1], laid.scene.reflectance[chosen], scene.valid, grid, limits, f"scene {scene.item.scene_id[17:25]}")
    draw_outlines(axes[0, 1], flags, grid)
    labels(axes[1, 0], by_reference, grid)
    borders(axes[1, 1], misalignment(laid.reference.label_map, by_reference, by_sweep).appeared, grid)
    figure.legend(handles=flag_handles(flags), loc="outside lower left", ncols=3, frameon=False, fontsize=8.5)
    figure.savefig(path, dpi=68, pil_kwargs={"optimize": True})
    shrink(path)


def image(
    axes: Axes, bands: NDArray[np.float32], valid: NDArray[np.bool_], grid: Grid, limits: Limits, title: str
) -> None:
    """A colour composite."""
    draw_map(axes, to_rgba(bands, valid, limits), grid, title)


def labels(axes: Axes, labelled: LabelMap, grid: Grid) -> None:
    """A label map."""
    draw_map(axes, paint(labelled.labels, label_table(labelled.k)), grid, "labels by the reference's clusters")


def borders(axes: Axes, appeared: NDArray[np.float32], grid: Grid) -> None:
    """Excess of border strength, white where no border is stronger than what was there."""
    dark = 255 - np.clip(appeared / max(float(np.quantile(appeared, 0.995)), 1e-6), 0, 1) * 255
    grey = np.repeat(dark.astype(np.uint8)[..., None], 3, axis=2)
    draw_map(axes, np.dstack([grey, np.full(dark.shape, 255, np.uint8)]), grid, "borders stronger than before")


def shrink(path: Path) -> None:
    """Fewer colours where the picture is large."""
    from PIL import Image

    with Image.open(path) as picture:
        small = picture.convert("RGB").quantize(200, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    small.save(path, optimize=True)
    if path.stat().st_size > LARGEST_BYTES:
        raise SystemExit(f"{path} has {path.stat().st_size} bytes, more than {LARGEST_BYTES}")
