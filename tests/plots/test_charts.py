"""Charts of the history show every scene, label and look that they are given, and odd ones too."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from affine import Affine
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from rasterio.crs import CRS

from monitor.clustering.stats_result import LabelStats
from monitor.detection.result import Outcome
from monitor.plots import TimelineAlert, TimelineScene, alert, png_bytes, signatures, timeline
from monitor.plots.alert_chart import Spectra, View
from monitor.scenes.grid import Grid

START = datetime(2024, 1, 1, tzinfo=UTC)
BANDS = ("blue", "red", "nir08")
GRID = Grid(CRS.from_epsg(32617), Affine(30, 0, 645015, 0, -30, 4862985), 40, 50)


def scenes(count: int) -> list[TimelineScene]:
    return [TimelineScene(START + timedelta(days=16 * n), 0.1 * (n % 8), 0.05, 0.01 * n, 2.0) for n in range(count)]


def alerts(count: int) -> list[TimelineAlert]:
    states = ("new", "acknowledged", "confirmed", "resolved", "dismissed")
    return [
        TimelineAlert(n, states[n % 5], 900.0 * (n + 1), START, START + timedelta(days=16 * n)) for n in range(count)
    ]


def words(figure: Figure) -> str:
    """Everything that is written on a figure."""
    said = [text.get_text() for text in figure.texts]
    for axes in figure.axes:
        legend = axes.get_legend()
        said += [text.get_text() for text in axes.texts] + [axes.get_title("left"), axes.get_ylabel()]
        said += [text.get_text() for text in legend.get_texts()] if legend else []
    return " ".join([*said, figure.get_suptitle()])


def points(figure: Figure, panel: int) -> int:
    """Points of the scatter plots of one panel."""
    drawn = [part for part in figure.axes[panel].collections if isinstance(part, PathCollection)]
    return sum(len(np.asarray(part.get_offsets())) for part in drawn)


def test_a_timeline_has_a_mark_for_every_scene_and_alert() -> None:
    figure = timeline(scenes(9), alerts(7), "lakeshore", "9 scenes")
    png_bytes(figure)
    assert len(figure.axes[0].patches) == 2 * 9
    assert (points(figure, 1), points(figure, 2), points(figure, 3)) == (9, 9, 2 * 7)
    for part in ("lakeshore", "9 scenes", "new 2", "confirmed 1", "dismissed 1"):
        assert part in words(figure)


@pytest.mark.parametrize("count", [1, 2, 400])
def test_a_timeline_of_any_length_is_drawn_without_alerts(count: int) -> None:
    figure = timeline(scenes(count), [], "lakeshore")
    assert len(png_bytes(figure)) > 5000
    assert len(figure.axes) == 3


def test_a_timeline_leaves_out_what_is_not_known() -> None:
    unknown = TimelineScene(START - timedelta(days=16), None, None, None, None)
    figure = timeline([unknown, *scenes(3)], [], "lakeshore")
    png_bytes(figure)
    assert points(figure, 1) == 3


def label_stats(count: int, *, counted: bool) -> list[LabelStats]:
    spread = tuple(tuple(0.02 * n for n in range(7)) for _ in BANDS) if counted else ()
    return [
        LabelStats(2 * n, 100 * (n + 1), 9e4, (0.02, 0.03 + 0.02 * n, 0.3), (0.01,) * 3, BANDS, spread, (5,) * 3)
        for n in range(count)
    ]


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("count", [1, 5, 10])
def test_every_label_has_a_panel_with_its_number_and_share(count: int, counted: bool) -> None:
    figure = signatures(label_stats(count, counted=counted), "LC08_A", "2024-06-01")
    png_bytes(figure)
    named = [axes.get_title("left").split("  ")[0] for axes in figure.axes if axes.axison]
    assert named == [str(2 * n) for n in range(count)]
    assert f"{100 * count / sum(range(1, count + 1)):.1f} %" in words(figure)


def views() -> tuple[View, View]:
    cube = np.random.default_rng(1).uniform(0.02, 0.3, (3, *GRID.shape)).astype(np.float32)
    valid = np.ones(GRID.shape, bool)
    valid[:5] = False
    return View(cube, valid, "Reference", "A"), View(cube[::-1], valid, "2024-06-01", "B")


def test_an_alert_has_two_maps_spectra_its_sentence_and_every_look() -> None:
    ring = np.array([[645300, 4862000], [645900, 4862000], [645900, 4862600], [645300, 4862000]], float)
    looks = [(START, Outcome.SEEN), (START + timedelta(days=16), Outcome.HIDDEN), (START, Outcome.GONE)]
    said = {"title": "Alert 7", "sentence": "forest -> bare soil, 24 ha", "NDVI": "-0.41"}
    spectra = Spectra(BANDS, (0.02, 0.03, 0.3), (0.1, 0.2, 0.3), (0.01, 0.01, 0.05))
    figure = alert(*views(), GRID, [ring], spectra, looks, said)
    png_bytes(figure)
    for part in ("Alert 7", "forest -> bare soil, 24 ha", "Reference", "2024-06-01", "NDVI", "-0.41", "this scene"):
        assert part in words(figure)
    assert points(figure, 4) == 3


def test_an_alert_without_spectra_or_looks_is_drawn_and_says_so() -> None:
    figure = alert(*views(), GRID, [], None, [], {"title": "Alert 7"})
    assert len(png_bytes(figure)) > 5000
    assert "no spectra" in words(figure)
