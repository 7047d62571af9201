"""The one palette: flags in colours that colour-blind people can tell apart, labels in those of the ground.

The flags' colours are three of Okabe and Ito's (Color Universal Design, 2008).
"""

from collections.abc import Sequence

import matplotlib
import numpy as np
from numpy.typing import NDArray
from skimage.color import lab2rgb, rgb2lab

from monitor.clustering.labels import NO_LABEL
from monitor.detection.result import Flag

RGBA = tuple[int, int, int, int]

FLAG_TABLE: dict[int, RGBA] = {
    Flag.CLEAR: (0, 0, 0, 0),
    Flag.CLOUD: (86, 180, 233, 255),
    Flag.SHADOW: (204, 121, 167, 255),
    Flag.ANOMALY: (213, 94, 0, 255),
    Flag.NO_ANSWER: (140, 140, 140, 255),
}
"""Colour table of a flags raster, as rasterio's write_colormap takes it."""
FLAG_COLOURS: dict[Flag, str] = {
    flag: "#{:02x}{:02x}{:02x}".format(*FLAG_TABLE[flag][:3]) for flag in (Flag.CLOUD, Flag.SHADOW, Flag.ANOMALY)
}
"""What is drawn around or over flagged pixels, as matplotlib takes it."""
FLAG_NAMES: dict[Flag, str] = {
    Flag.CLEAR: "clear",
    Flag.CLOUD: "cloud",
    Flag.SHADOW: "cloud shadow",
    Flag.ANOMALY: "anomaly",
    Flag.NO_ANSWER: "no answer",
}

INK = "#22272e"
MUTED = "#667080"
PAPER = "#ffffff"
NODATA = "#dcdfe3"
NODATA_HATCH = "#c3c8ce"
ACCENT = "#0072b2"

MIXTURES: tuple[dict[str, float], ...] = (
    {"red": 0.75, "swir22": 0.25},
    {"green": 0.75, "nir08": 0.18},
    {"blue": 1.1},
)
"""Red, green and blue of a label from its mean spectrum: near true colour, with plants greener and bare soil redder."""
LEAST_DISTANCE = 14.0
"""Labels are moved apart until their colours differ by this much in CIELAB; 2.3 is just noticeable."""


def label_table(k: int, spectra: NDArray[np.floating] | None = None, bands: Sequence[str] = ()) -> dict[int, RGBA]:
    """Colour table of a label raster: one colour a label, transparent where there is no label.

    `spectra` (k, bands) are mean reflectances; with red, green and blue among the `bands` a label looks much
    like its ground, otherwise the labels run from dark to bright in a colour-blind-safe scale.
    """
    colours = ramp(k)
    if spectra is not None and {"red", "green", "blue"} <= set(bands):
        colours = apart(near_true_colour(np.asarray(spectra, np.float64), bands))
    table: dict[int, RGBA] = {}
    for label, colour in enumerate(np.rint(colours * 255).astype(int)):
        red, green, blue = (int(value) for value in colour)
        table[label] = (red, green, blue, 255)
    table[NO_LABEL] = (0, 0, 0, 0)
    return table


def ramp(k: int) -> NDArray[np.float64]:
    """K colours from dark to bright, (k, 3) in 0..1."""
    return np.asarray(matplotlib.colormaps["cividis"](np.linspace(0.05, 1, max(k, 1))), np.float64)[:, :3]


def near_true_colour(spectra: NDArray[np.float64], bands: Sequence[str]) -> NDArray[np.float64]:
    """Colours (k, 3) in 0..1 of mean spectra (k, bands), stretched over all of them."""
    channels = []
    for mixture in MIXTURES:
        known = {name: weight for name, weight in mixture.items() if name in bands}
        channels.append(sum(weight * spectra[:, list(bands).index(name)] for name, weight in known.items()))
    light = np.stack(channels, axis=-1).astype(np.float64)
    low, high = float(light.min()), max(float(np.quantile(light, 0.97)), float(light.min()) + 1e-6)
    return np.asarray(np.clip((light - low) / (high - low), 0, 1) ** 0.6 * 0.94 + 0.03, np.float64)


def apart(colours: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same colours (k, 3), moved until every two of them can be told apart."""
    lab = rgb2lab(colours[None])[0]
    rank = np.arange(len(lab), dtype=np.float64)
    for _ in range(200):
        gap = lab[:, None] - lab[None]
        distance = np.sqrt((gap**2).sum(axis=-1)) + np.eye(len(lab)) * 1e3
        close = np.argwhere(np.triu(distance < LEAST_DISTANCE))
        if not len(close):
            break
        for one, other in close:
            step = 1.5 * gap[one, other] / max(float(distance[one, other]), 1e-6)
            step[0] += np.sign(rank[one] - rank[other])
            lab[one], lab[other] = lab[one] + step, lab[other] - step
        lab[:, 0] = np.clip(lab[:, 0], 8, 96)
        lab = rgb2lab(np.clip(lab2rgb(lab[None]), 0, 1))[0]
    return np.asarray(np.clip(lab2rgb(lab[None])[0], 0, 1), np.float64)
