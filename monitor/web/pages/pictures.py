"""Pictures for the pages: before, after, and the layers above them, all of one place and of one size."""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy.orm import Session

from monitor.catalog.aoi import load_area
from monitor.clustering.labels import LabelMap
from monitor.config import DetectionSettings, Settings
from monitor.detection.borders import TOLERANCE_PX, misalignment
from monitor.detection.result import Flag
from monitor.errors import ConfigError, NotFoundError, SceneError
from monitor.pipeline import opener, read_for
from monitor.plots import FLAG_TABLE, label_table
from monitor.plots.colours import RGBA
from monitor.plots.image import Limits, paint, stretch_limits, thin_flags, to_rgba
from monitor.scenes.grid import Grid
from monitor.scenes.layout import area_mask
from monitor.snapshot import PREFERRED
from monitor.store.history import metrics_of
from monitor.store.maps import StoredMap
from monitor.store.references import get_reference
from monitor.store.results import FLAGS
from monitor.store.scenes import SceneRow, item_of
from monitor.store.windows import read_part
from monitor.training import model_file
from monitor.web.pages import reference as models
from monitor.web.pages.coarse import read_coarse
from monitor.web.pages.places import Place, whole
from monitor.web.pages.reference import Reference

Bands = tuple[str, str, str]

APPEARED: RGBA = (230, 159, 0, 255)
VANISHED: RGBA = (0, 114, 178, 255)
"""Orange and blue of Okabe and Ito; the same as the tokens."""
NO_LIMITS_FROM = 64
"""Fewer pixels than this say nothing about contrast."""
MOST_BORDER_PX = 9_000_000
"""Borders of larger windows are those of the labels in the picture; all of a scene would take gigabytes."""
LEAST_STRENGTH = 0.5
"""Misaligned borders weaker than this are noise and are not drawn."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Reflectance float32 (bands, rows, columns), and where it is known, (rows, columns)."""

    reflectance: NDArray[np.float32]
    valid: NDArray[np.bool_]


@dataclass(frozen=True)
class Subject:
    """A scene in a place; its reference is the one that it was compared with."""

    settings: Settings
    scene: SceneRow
    place: Place

    def reference(self, session: Session) -> Reference:
        """The model; NotFoundError for a scene that was not compared with any."""
        if self.scene.reference_version is None:
            raise NotFoundError(f"scene {self.scene.scene_id} is {self.scene.state}; it has no reference yet")
        row = get_reference(session, self.scene.monitor_id, self.scene.reference_version)
        return models.open_reference(model_file(self.settings, row))

    def read(self, session: Session, bands: Sequence[str]) -> Seen:
        """The scene from its catalog on the drawn grid, in the reference's radiometry if it was laid on one."""
        monitor, item = self.settings.monitor(self.scene.monitor), item_of(session, self.scene.pk)
        catalog, grid = self.settings.catalogs.get(self.scene.catalog), self.place.drawn
        values = read_coarse(item, self.place, bands, opener(catalog)) if self.place.step > 1 else None
        if values is None:
            plain = {"bands": list(bands), "min_valid": 0.0, "detection": DetectionSettings(use_qa=False)}
            scene = read_for(monitor.model_copy(update=plain), item, catalog, grid, load_area(monitor.aoi))
            values, valid = np.array(scene.reflectance), scene.valid
        elif isinstance(monitor.aoi, tuple):
            valid = finite(values)
        else:
            valid = finite(values) & area_mask(load_area(monitor.aoi), grid)
        metrics = metrics_of(session, self.scene.pk)
        for number, band in enumerate(bands):
            gain, offset = metrics.get(f"gain_{band}"), metrics.get(f"offset_{band}")
            if gain is not None and offset is not None:
                values[number] = values[number] * gain + offset
        return Seen(values, valid)


def best_bands(available: Sequence[str]) -> Bands:
    """The three that show most."""
    for names in PREFERRED:
        if set(names) <= set(available):
            return names
    if len(available) < 3:
        one = available[0]
        return (one, one, one)
    return (available[0], available[1], available[2])


def before(session: Session, subject: Subject, bands: Bands | None) -> bytes:
    """The reference's clear scene as WebP."""
    reference = subject.reference(session)
    names = checked_bands(bands or best_bands(reference.bands), reference.bands)
    values = models.reflectance(reference, subject.place, names)
    known = finite(values)
    return webp(to_rgba(values, known, contrast(values, known, reference, subject.place, names)))


def after(session: Session, subject: Subject, bands: Bands | None) -> bytes:
    """The scene as WebP, in the contrast of its reference where it has one."""
    if subject.scene.reference_version is None:
        available = subject.settings.monitor(subject.scene.monitor).bands
        scene = subject.read(session, checked_bands(bands or best_bands(available), available))
        return webp(to_rgba(scene.reflectance, scene.valid))
    reference = subject.reference(session)
    names = checked_bands(bands or best_bands(reference.bands), reference.bands)
    values = models.reflectance(reference, subject.place, names)
    limits = contrast(values, finite(values), reference, subject.place, names)
    scene = subject.read(session, names)
    return webp(to_rgba(scene.reflectance, scene.valid, limits))


def checked_bands(bands: Bands, available: Sequence[str]) -> Bands:
    """The bands; ConfigError when one is not there."""
    for band in bands:
        if band not in available:
            raise ConfigError(f"no band {band!r}; there are {', '.join(available)}")
    return bands


def contrast(
    values: NDArray[np.float32], known: NDArray[np.bool_], reference: Reference, place: Place, bands: Bands
) -> Limits:
    """Between the contrast of the place alone and that of all the reference, so that neither drowns."""
    wide = limits_of(reference, place.monitor_grid, bands)
    if known.sum() < NO_LIMITS_FROM:
        return wide
    limits: Limits = (0.5 * wide + 0.5 * stretch_limits(values, known)).astype(np.float32)
    return limits


@lru_cache(maxsize=64)
def limits_of(reference: Reference, grid: Grid, bands: Bands) -> Limits:
    """The contrast of all of a reference; the same object for as long as its files stay as they are."""
    everywhere = models.reflectance(reference, whole(grid, 256), bands)
    return stretch_limits(everywhere, finite(everywhere))


def finite(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Where every band of (bands, rows, columns) has data."""
    found: NDArray[np.bool_] = np.logical_and.reduce(np.isfinite(values))
    return found


def flags_layer(session: Session, subject: Subject) -> bytes:
    """Clouds, shadows and anomalies as PNG."""
    flags = read_part(session, subject.scene.pk, FLAGS, subject.place.window).labels
    table = {**FLAG_TABLE, Flag.NO_ANSWER: (0, 0, 0, 0)}
    return png(paint(thin_flags(flags, subject.place.step), table))


def labels_layer(session: Session, subject: Subject) -> bytes:
    """The scene's labels by the reference model as PNG."""
    reference = subject.reference(session)
    found = read_part(session, subject.scene.pk, "reference", subject.place.window).labels
    return png(
        paint(
            thinned(found, subject.place.step),
            label_table(len(reference.centroids), reference.spectra, reference.bands),
        )
    )


def reference_labels_layer(session: Session, subject: Subject) -> bytes:
    """The labels of the reference's clear scene as PNG."""
    reference = subject.reference(session)
    found = models.labels(reference, subject.place)
    return png(
        paint(
            thinned(found, subject.place.step),
            label_table(len(reference.centroids), reference.spectra, reference.bands),
        )
    )


def borders_layer(session: Session, subject: Subject) -> bytes:
    """Borders that appeared and borders that vanished as PNG, as strong as they are misaligned."""
    reference = subject.reference(session)
    window, step = subject.place.window, subject.place.step
    first = step if window.height * window.width > MOST_BORDER_PX else 1
    old = LabelMap(thinned(models.labels(reference, subject.place), first), reference.centroids)
    by_reference = with_centroids(read_part(session, subject.scene.pk, "reference", window), first)
    by_sweep = with_centroids(read_part(session, subject.scene.pk, "sweep", window), first)
    found = misalignment(old, by_reference, by_sweep)
    edge = np.zeros(old.labels.shape, bool)
    edge[TOLERANCE_PX:-TOLERANCE_PX, TOLERANCE_PX:-TOLERANCE_PX] = True
    appeared, vanished = (
        strongest(np.where(edge, part, 0), step // first) for part in (found.appeared, found.vanished)
    )
    image = np.zeros((*appeared.shape, 4), np.uint8)
    for strength, colour in ((vanished, VANISHED), (appeared, APPEARED)):
        there = strength > LEAST_STRENGTH
        image[there] = colour
        image[there, 3] = np.clip(110 + 40 * strength[there], 0, 255).astype(np.uint8)
    return png(image)


def with_centroids(stored: StoredMap, step: int) -> LabelMap:
    """Every step-th label of a stored map; SceneError for one without centroids."""
    if stored.centroids is None:
        raise SceneError(f"the map {stored.kind} has no labels")
    return LabelMap(thinned(stored.labels, step), stored.centroids)


def thinned(values: NDArray[np.uint8], step: int) -> NDArray[np.uint8]:
    """Every step-th value."""
    return values[::step, ::step]


def strongest(values: NDArray[np.float32], step: int) -> NDArray[np.float32]:
    """The maximum of each block of step x step."""
    rows, columns = (-(-n // step) for n in values.shape)
    padded = np.pad(values, ((0, rows * step - values.shape[0]), (0, columns * step - values.shape[1])))
    found: NDArray[np.float32] = padded.reshape(rows, step, columns, step).max(axis=(1, 3))
    return found


def webp(image: NDArray[np.uint8]) -> bytes:
    """RGBA uint8 (rows, columns, 4) as WebP."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "WEBP", quality=86, method=2)
    return buffer.getvalue()


def png(image: NDArray[np.uint8]) -> bytes:
    """RGBA uint8 (rows, columns, 4) as PNG."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG", compress_level=3)
    return buffer.getvalue()


LAYERS = {
    "flags": flags_layer,
    "labels": labels_layer,
    "reference-labels": reference_labels_layer,
    "borders": borders_layer,
}
SIDES = {"before": before, "after": after}
