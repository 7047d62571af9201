"""Which pixels of a reference scene are ground: clouds and their shadows must not become clusters."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.ranks import median_and_spread, quantile
from monitor.scenes.qa import CIRRUS, CLOUD, CLOUD_SHADOW, DILATED_CLOUD, has_bit
from monitor.scenes.scene import Scene
from monitor.spectrum import VAPOUR_SCATTER, VISIBLE, wavelength_order

BRIGHT = 6.0
"""Robust standard deviations above the scene's median brightness; ground is rarely as bright, clouds are."""
MARGIN_M = 120.0
"""Clouds fade out over about this distance."""
CLOUD_HEIGHTS_M = (300.0, 4000.0)
"""Cloud tops whose shadows are looked for; thick clouds above are seldom small."""
LIGHT_LEFT, WATER_LIGHT_LEFT = 0.7, 0.8
AROUND_M = 1500.0
"""A shadow has less than this share of the usual light, on land and on water, within this distance."""
SURE_SHARE = 0.5
"""Bright objects are clouds if so much of the shade that they predict at one height is dark."""
HEIGHT_VARIETY = 0.3
"""Clouds of one scene differ in height by about this share."""
DARKEST = 0.005
"""Share of the scene that is as dark as the air alone."""
MIN_SHADED_PX = 20


def ground(scene: Scene) -> NDArray[np.bool_]:
    """Valid pixels that are neither cloud nor cloud shadow, (rows, columns).

    By QA_PIXEL where the scene has it. Otherwise clouds are pixels much brighter than the scene in every
    visible band that throw shadows, and shadows dark pixels where the sun throws them.
    """
    if scene.qa is not None:
        return scene.valid & ~has_bit(scene.qa, DILATED_CLOUD, CIRRUS, CLOUD, CLOUD_SHADOW)
    cloud = bright_outliers(scene)
    dark = dark_pixels(scene, cloud)
    shade = shadow_zone(cloud, dark, scene)
    if shade is None:
        return scene.valid.copy()
    return scene.valid & ~grown(cloud, scene) & ~grown(dark & shade, scene)


def bright_outliers(scene: Scene) -> NDArray[np.bool_]:
    """Where the darkest visible band is far brighter than in the rest of the scene."""
    visible = [index for index, band in enumerate(scene.bands) if band in VISIBLE]
    if not visible or not scene.valid.any():
        return np.zeros(scene.valid.shape, bool)
    level = np.zeros(scene.valid.shape, np.float32)
    for number, index in enumerate(visible):
        band = scene.reflectance[index]
        middle, spread = median_and_spread(band[scene.valid])
        score = (band - middle) / max(spread, 1e-6)
        level = score if number == 0 else np.minimum(level, score)
    bright: NDArray[np.bool_] = scene.valid & (np.nan_to_num(level) > BRIGHT)
    return bright


def shadow_zone(cloud: NDArray[np.bool_], dark: NDArray[np.bool_], scene: Scene) -> NDArray[np.bool_] | None:
    """Where the clouds throw their shadows: at the height that puts most of them on dark ground.

    None where there are no clouds: nothing is bright, or what is bright throws no shadow where it must be seen, or less
    of it than a sun elsewhere would throw. Empty where the sun or the pixel size leaves nothing to be seen.
    """
    azimuth, elevation = scene.item.sun_azimuth, scene.item.sun_elevation
    if not cloud.any():
        return None
    if azimuth is None or elevation is None or elevation <= 0:
        return np.zeros_like(cloud)
    nearest, farthest = (height / np.tan(np.radians(elevation)) / scene.grid.pixel_size_m for height in CLOUD_HEIGHTS_M)
    distances = np.arange(nearest, farthest + 1)
    shades = shades_of(cloud, azimuth, distances)
    if farthest < 2 or max(map(np.count_nonzero, shades)) < MIN_SHADED_PX:
        return np.zeros_like(cloud)
    share = shares_of(shades, dark)
    best = int(share.argmax())
    if share[best] < SURE_SHARE:
        return None
    elsewhere = (shares_of(shades_of(cloud, azimuth + turn, distances), dark).max() for turn in (90, 180, 270))
    if share[best] < max(elsewhere):  # a beach lies along dark ground in every light
        return None
    near = np.abs(distances - distances[best]) <= max(HEIGHT_VARIETY * distances[best], 2)
    zone: NDArray[np.bool_] = np.any([shade for shade, take in zip(shades, near, strict=True) if take], axis=0)
    return zone


def shades_of(cloud: NDArray[np.bool_], azimuth: float, distances: NDArray[np.float64]) -> list[NDArray[np.bool_]]:
    """Where a mask throws its shade if that falls at some distances in pixels, outside the mask itself."""
    down, right = np.cos(np.radians(azimuth)), -np.sin(np.radians(azimuth))
    return [cast(cloud.astype(np.uint8), down * distance, right * distance) & ~cloud for distance in distances]


def shares_of(shades: list[NDArray[np.bool_]], dark: NDArray[np.bool_]) -> NDArray[np.float64]:
    """How much of every shade is dark."""
    return np.array([dark[shade].mean() if shade.any() else 0.0 for shade in shades])


def cast(image: NDArray[np.uint8], rows: float, columns: float) -> NDArray[np.bool_]:
    """A mask moved by rows and columns."""
    shift = np.array([[1, 0, columns], [0, 1, rows]], np.float32)
    moved: NDArray[np.bool_] = cv2.warpAffine(image, shift, image.shape[::-1], flags=cv2.INTER_NEAREST) > 0
    return moved


def dark_pixels(scene: Scene, cloud: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Pixels darker than what lies around, land beside land and water beside water, (rows, columns).

    Land by the longest wavelengths, where shadow and ground differ most; water, dark there anyway, by the visible.
    """
    wet = water(scene)
    seen = [number for number, band in enumerate(scene.bands) if band not in VAPOUR_SCATTER]
    longest = sorted(seen, key=lambda number: wavelength_order(scene.bands[number]))[-2:]
    dark = darker(scene, longest, scene.valid & ~wet & ~cloud, LIGHT_LEFT)
    if wet.any():
        visible = [number for number, band in enumerate(scene.bands) if band in VISIBLE]
        dark |= darker(scene, visible, wet & ~cloud, WATER_LIGHT_LEFT)
    return dark


def darker(scene: Scene, bands: list[int], here: NDArray[np.bool_], light_left: float) -> NDArray[np.bool_]:
    """Where a part of the scene reflects less in some bands than a share of its mean around."""
    level = np.nan_to_num(scene.reflectance[bands].mean(axis=0))
    if scene.item.needs_sun_correction and here.any():
        level -= quantile(level[here], DARKEST)
    level = cv2.blur(level * here, (3, 3)) / np.maximum(cv2.blur(here.astype(np.float32), (3, 3)), np.float32(0.1))
    width = 2 * round(AROUND_M / scene.grid.pixel_size_m) + 1
    weight = here.astype(np.float32)
    total, count = (cv2.boxFilter(image, -1, (width, width), normalize=False) for image in (level * weight, weight))
    return np.asarray(here & (level < light_left * total / np.maximum(count, 1)))


def water(scene: Scene) -> NDArray[np.bool_]:
    """Where a scene shows water, (rows, columns), by its index (McFeeters 1996, doi:10.1080/01431169608948714).

    Of red where there is no green. At level 1 the light of the air is taken off first, that of the darkest pixels.
    """
    told = [band for band in ("green", "red") if band in scene.bands][:1]
    if not told or "nir08" not in scene.bands or not scene.valid.any():
        return np.zeros(scene.valid.shape, bool)
    bright, nir = (scene.reflectance[scene.bands.index(band)] for band in (*told, "nir08"))
    if scene.item.needs_sun_correction:
        bright, nir = (band - quantile(band[scene.valid], DARKEST) for band in (bright, nir))
    wet: NDArray[np.bool_] = scene.valid & (np.nan_to_num(bright) > np.nan_to_num(nir))
    return wet


def grown(mask: NDArray[np.bool_], scene: Scene) -> NDArray[np.bool_]:
    """The mask with a margin, its specks dropped."""
    radius = max(round(MARGIN_M / scene.grid.pixel_size_m), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    solid = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    wide: NDArray[np.bool_] = cv2.dilate(solid, kernel) > 0
    return wide
