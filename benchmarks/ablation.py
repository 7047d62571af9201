"""What each part of the method is worth: the same scenes judged without it, in-process through the library."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from series import Case, bench, generate, opened, real_cases, truth_on

from monitor.clustering.assign import label_map
from monitor.clustering.labels import NO_LABEL, LabelMap
from monitor.clustering.model import ReferenceModel
from monitor.clustering.sweep import sweep
from monitor.config import MonitorSettings
from monitor.detection import detect
from monitor.detection.borders import strongest_near
from monitor.detection.result import Flag
from monitor.pipeline import SWEEP_SEED
from monitor.scenes.normalise import normalise
from monitor.scenes.scene import Scene

RESIDUALS = (1.3, 2.0, 3.0)
"""Thresholds for the residual alone: that of the first trial, and two that serve other scenes better."""
Flags = NDArray[np.uint8]


def variants(scene: Scene, reference: ReferenceModel, monitor: MonitorSettings) -> Iterator[tuple[str, Flags]]:
    """Name and flags (rows, columns) of every variant on one scene."""
    laid = normalise(scene, reference)
    by_reference, by_sweep = maps(laid.scene, laid.reference, monitor)
    whole = (laid.scene, laid.reference, by_reference)
    yield "full", detect(*whole, by_sweep).flags
    plain = maps(scene, reference, monitor)
    yield "no normalisation", detect(scene, reference, *plain).flags
    yield "no sweep", detect(*whole, by_reference).flags
    distance = residual(laid.scene, laid.reference)
    for threshold in RESIDUALS:
        yield f"residual only, above {threshold}", flagged(distance > threshold, laid.reference, scene)
    yield "borders only", flagged(misaligned(laid.reference, by_reference, by_sweep), laid.reference, scene)


def maps(scene: Scene, reference: ReferenceModel, monitor: MonitorSettings) -> tuple[LabelMap, LabelMap]:
    """The scene labelled by the reference's clusters and by its own."""
    features = reference.features(scene.reflectance)
    own = sweep(features, monitor.sweep.range, SWEEP_SEED).chosen.centroids
    return label_map(features, reference.centroids), label_map(features, own)


def residual(scene: Scene, reference: ReferenceModel) -> NDArray[np.float32]:
    """Distance to the centroid that the place had in the reference over that cluster's spread, median-filtered."""
    index = np.where(reference.known, reference.labels, 0)
    gap = reference.features(scene.reflectance) - np.moveaxis(reference.centroids[index], -1, 0)
    distance = np.sqrt((np.nan_to_num(gap) ** 2).sum(axis=0)) / reference.spread[index]
    return np.asarray(cv2.medianBlur(distance.astype(np.float32), 3), np.float32)


def misaligned(reference: ReferenceModel, by_reference: LabelMap, by_sweep: LabelMap) -> NDArray[np.bool_]:
    """Segments of changed label whose outline is stronger than what the reference has within two pixels of it."""
    changed = (by_reference.labels != reference.labels) & (by_reference.labels != NO_LABEL) & reference.known
    count, segments = cv2.connectedComponents(changed.astype(np.uint8), connectivity=8)
    new = np.maximum(by_reference.border_strength, by_sweep.border_strength)
    excess = new - strongest_near(reference.label_map.border_strength)
    edge = changed & (cv2.erode(changed.astype(np.uint8), np.ones((3, 3), np.uint8)) == 0)
    total = np.bincount(segments[edge], excess[edge], count)
    stronger = total > 0
    stronger[0] = False
    found: NDArray[np.bool_] = stronger[segments]
    return found


def flagged(mask: NDArray[np.bool_], reference: ReferenceModel, scene: Scene) -> Flags:
    """A mask as flags: anomaly where true, no answer where scene or reference know nothing."""
    flags = np.where(mask, Flag.ANOMALY, Flag.CLEAR).astype(np.uint8)
    flags[~(scene.valid & reference.known)] = Flag.NO_ANSWER
    return flags


def judged(case: Case, work: Path, scorer: Any) -> dict[str, dict[str, Any]]:
    """Rates of every variant over all scenes of a case."""
    series = opened(case, work)
    counts: dict[str, list[Any]] = {}
    for path in case.truths:
        truth = truth_on(series.reference.grid, path)
        for name, flags in variants(series.scene(path.stem), series.reference, series.settings.monitors[0]):
            counts.setdefault(name, []).append(scorer.count(truth, flags))
    return {
        name: scorer.rates({key: sum(one[key] for one in mine) for key in mine[0]}) for name, mine in counts.items()
    }


def row(name: str, rates: Mapping[str, Any], masks: bool) -> str:
    """A row of the table; a variant that only masks has no kinds."""
    cells = []
    for kind in ("any", "cloud", "shadow", "anomaly"):
        defined = rates[kind]["recall"] is not None and (kind == "any" or not masks)
        cells.append(f"{rates[kind]['f1']:.3f}" if defined else "-")
    return f"| {name} | {' | '.join(cells)} |"


def print_ablation(shared: Path, work: Path, seed: int) -> None:
    """The ablation on the real sets and one generated series of either site."""
    scorer = bench(shared)
    for case in [*real_cases(shared), *generate(shared, work, [seed], ["generated"])]:
        print(f"\n| {case.name} | any F1 | cloud F1 | shadow F1 | anomaly F1 |\n|---|---|---|---|---|")
        for name, rates in judged(case, work, scorer).items():
            print(row(name, rates, name.endswith("only") or "only," in name), flush=True)
