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
LIGHT_LEFT = 0.6
AROUND_M = 1500.0
"""A shadow has less than this share of the usual light within this distance."""
SURE_SHARE = 0.5
"""Bright objects are clouds if so much of the shade that they predict at one height is dark."""
HEIGHT_VARIETY = 0.3
"""Clouds of one scene differ in height by about this share."""
DARKEST = 0.005
"""Share of the scene that is as dark as the air alone."""
MIN_SHADED_PX, LEAST_LAND = 20, 0.1
"""So much land, and this share, must lie in the shade for anything to be told from it."""


def ground(scene: Scene) -> NDArray[np.bool_]:
    """Valid pixels that are neither cloud nor cloud shadow, (rows, columns).

    By QA_PIXEL where the scene has it. Otherwise clouds are pixels much brighter than the scene in every
    visible band that throw shadows, and shadows dark pixels where the sun throws them.
    """
    if scene.qa is not None:
        return scene.valid & ~has_bit(scene.qa, DILATED_CLOUD, CIRRUS, CLOUD, CLOUD_SHADOW)
    cloud, dark = bright_outliers(scene), dark_pixels(scene)
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
    """Where the clouds throw their shadows: at the height that puts most of those on land on dark ground.

    Water is as dark without a shadow: white beaches would be clouds whose shadow it is.
    None where there are no clouds: nothing is bright, or what is bright throws no shadow where it must be seen.
    Empty where the sun or the pixel size leaves nothing to be seen.
    """
    azimuth, elevation = scene.item.sun_azimuth, scene.item.sun_elevation
    if not cloud.any():
        return None
    if azimuth is None or elevation is None or elevation <= 0:
        return np.zeros_like(cloud)
    nearest, farthest = (height / np.tan(np.radians(elevation)) / scene.grid.pixel_size_m for height in CLOUD_HEIGHTS_M)
    distances = np.arange(nearest, farthest + 1)
    down, right = np.cos(np.radians(azimuth)), -np.sin(np.radians(azimuth))
    image, land = cloud.astype(np.uint8), scene.valid & ~cloud & ~water(scene)
    shades = [cast(image, down * distance, right * distance) & ~cloud for distance in distances]
    told = [shade & land for shade in shades]
    size = np.array([[np.count_nonzero(shade) for shade in each] for each in (told, shades)])
    seen = size[0] >= np.maximum(MIN_SHADED_PX, LEAST_LAND * size[1])
    if farthest < 2 or not seen.any():
        return np.zeros_like(cloud)
    share = np.array([dark[shade].mean() if use else 0.0 for shade, use in zip(told, seen, strict=True)])
    best = int(share.argmax())
    if share[best] < SURE_SHARE:
        return None
    near = np.abs(distances - distances[best]) <= max(HEIGHT_VARIETY * distances[best], 2)
    zone: NDArray[np.bool_] = np.any([shade for shade, take in zip(shades, near, strict=True) if take], axis=0)
    return zone


def cast(image: NDArray[np.uint8], rows: float, columns: float) -> NDArray[np.bool_]:
    """A mask moved by rows and columns."""
    shift = np.array([[1, 0, columns], [0, 1, rows]], np.float32)
    moved: NDArray[np.bool_] = cv2.warpAffine(image, shift, image.shape[::-1], flags=cv2.INTER_NEAREST) > 0
    return moved


def dark_pixels(scene: Scene) -> NDArray[np.bool_]:
    """Pixels darker than what lies around in the longest wavelengths, where shadow and ground differ most."""
    seen = [number for number, band in enumerate(scene.bands) if band not in VAPOUR_SCATTER]
    longest = sorted(seen, key=lambda number: wavelength_order(scene.bands[number]))[-2:]
    level = np.nan_to_num(scene.reflectance[longest].mean(axis=0))
    width = 2 * round(AROUND_M / scene.grid.pixel_size_m) + 1
    here = scene.valid.astype(np.float32)
    total, count = (cv2.boxFilter(image, -1, (width, width), normalize=False) for image in (level * here, here))
    dark: NDArray[np.bool_] = scene.valid & (level < LIGHT_LEFT * total / np.maximum(count, 1))
    return dark


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
