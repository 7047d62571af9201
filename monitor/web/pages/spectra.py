"""Spectra of a place: before, after, and the label it had."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rasterio.features import geometry_mask
from rasterio.warp import transform_geom
from sqlalchemy.orm import Session

from monitor.clustering.labels import NO_LABEL
from monitor.errors import SceneError
from monitor.scenes.grid import Grid
from monitor.spectrum import BAND_NAMES, WAVELENGTHS_UM
from monitor.store.history import label_stats_of
from monitor.web.pages import charts, words
from monitor.web.pages import reference as models
from monitor.web.pages.ground_names import names_of
from monitor.web.pages.pictures import Subject
from monitor.web.pages.tokens import css


@dataclass(frozen=True)
class PlaceSpectra:
    """Mean reflectance by band: of the place in the reference and in the scene, and of the label that it had.

    `today` and `spread` are mean and standard deviation of that label elsewhere in the scene, None where the scene
    has none of it. `label_after` is the most frequent label now, None without a map.
    """

    bands: tuple[str, ...]
    before: tuple[float, ...]
    after: tuple[float, ...]
    label: int
    label_name: str
    label_spectrum: tuple[float, ...]
    today: tuple[float, ...] | None
    spread: tuple[float, ...] | None


def spectra_of(session: Session, subject: Subject, geometry: Mapping[str, Any]) -> PlaceSpectra:
    """The spectra under an outline (GeoJSON, WGS 84); raises SceneError when nothing is known under it."""
    reference = subject.reference(session)
    inside = outline_mask(geometry, subject.place.drawn)
    before = mean(models.reflectance(reference, subject.place, reference.bands), inside)
    after = mean(subject.read(session, reference.bands).reflectance, inside)
    if before is None or after is None:
        raise SceneError("no pixel under the outline has data both before and after")
    label = most_frequent(models.labels(reference, subject.place)[outline_mask(geometry, subject.place.exact)])
    if label is None:
        raise SceneError("the reference has no label under the outline")
    stats = {stat.label: stat for stat in label_stats_of(session, subject.scene.pk, "reference")}
    known = stats.get(label)
    same = known is not None and known.bands == reference.bands
    return PlaceSpectra(
        reference.bands,
        before,
        after,
        label,
        names_of(reference)[label],
        tuple(reference.spectra[label].tolist()),
        known.mean if known and same else None,
        known.std if known and same else None,
    )


def outline_mask(geometry: Mapping[str, Any], grid: Grid) -> NDArray[np.bool_]:
    """Pixels with their centre inside; those it touches if there is none."""
    moved = transform_geom("EPSG:4326", grid.crs, geometry)
    for touched in (False, True):
        inside: NDArray[np.bool_] = geometry_mask([moved], grid.shape, grid.transform, invert=True, all_touched=touched)
        if inside.any():
            break
    return inside


def mean(reflectance: NDArray[np.float32], inside: NDArray[np.bool_]) -> tuple[float, ...] | None:
    """Mean of the known pixels of (bands, rows, columns), None when there is none."""
    values = reflectance[:, inside]
    known = np.isfinite(values).all(axis=0)
    return tuple(float(value) for value in values[:, known].mean(axis=1)) if known.any() else None


def most_frequent(labels: NDArray[np.uint8]) -> int | None:
    """The label that most pixels have, None when none has one."""
    known = labels[labels != NO_LABEL]
    return int(np.bincount(known).argmax()) if known.size else None


def chart(spectra: PlaceSpectra) -> dict[str, Any]:
    """The spectra for ECharts: place before and after, its label in the reference and elsewhere today."""
    x = [WAVELENGTHS_UM.get(band, float(number)) for number, band in enumerate(spectra.bands)]

    def line(name: str, values: tuple[float, ...], colour: str, dash: str, symbol: str) -> dict[str, Any]:
        return {
            "name": name,
            "type": "line",
            "data": [[at, round(value, 4)] for at, value in zip(x, values, strict=True)],
            "lineStyle": {"color": colour, "width": 2.5, "type": dash},
            "itemStyle": {"color": colour},
            "symbol": symbol,
            "symbolSize": 8,
            "emphasis": {"disabled": True},
        }

    label = f"{spectra.label_name} (label {spectra.label})"
    series = [
        line("here, after", spectra.after, css("anomaly"), "solid", "circle"),
        line("here, before", spectra.before, css("accent"), "solid", "rect"),
        line(f"{label}, reference", spectra.label_spectrum, css("edge"), "dashed", "none"),
    ]
    if spectra.today is not None:
        series.append(line(f"{label}, elsewhere today", spectra.today, css("edge"), "dotted", "diamond"))
    return {
        **charts.BASE,
        "grid": {"left": 44, "right": 12, "top": 10, "bottom": 132},
        "legend": {**charts.LEGEND, "orient": "vertical"},
        "tooltip": charts.TOOLTIP,
        "xAxis": {
            **charts.axis("wavelength, µm"), "type": "value", "min": 0.4, "max": 2.4, "splitLine": {"show": False},
            "axisLabel": {"color": css("muted"), "showMinLabel": False, "showMaxLabel": False},
        },
        "yAxis": {**charts.axis(""), "type": "value"},
        "series": series,
    }  # fmt: skip


def as_table(spectra: PlaceSpectra) -> list[tuple[str, ...]]:
    """The same in figures, for those who cannot see the chart: band, before, after, label."""
    rows = zip(spectra.bands, spectra.before, spectra.after, spectra.label_spectrum, strict=True)
    return [
        (BAND_NAMES.get(band, band), *(f"{value:.3f}" for value in (before, after)),
         words.signed(after - before, 3), f"{label:.3f}")
        for band, before, after, label in rows
    ]  # fmt: skip
