"""Which pixels of a reference scene are ground: clouds and their shadows must not become clusters."""

import cv2
import numpy as np
from numpy.typing import NDArray

from monitor.scenes.qa import CIRRUS, CLOUD, CLOUD_SHADOW, DILATED_CLOUD, has_bit
from monitor.scenes.scene import Scene

VISIBLE = ("coastal", "blue", "green", "red")
BRIGHT = 6.0
"""Robust standard deviations above the scene's median brightness; ground is rarely as bright, clouds are."""
MARGIN_M = 120.0
"""Clouds fade out over about this distance."""
CLOUD_HEIGHTS_M = (300.0, 4000.0)
"""Cloud tops whose shadows are looked for; thick clouds above are seldom small."""
DARK_QUANTILE = 0.10
"""A shadow is darker than this share of the ground."""


def ground(scene: Scene) -> NDArray[np.bool_]:
    """Valid pixels that are neither cloud nor cloud shadow, (rows, columns).

    By QA_PIXEL where the scene has it. Otherwise clouds are pixels much brighter than the scene in every
    visible band, and shadows dark pixels where the sun throws those clouds' shadows.
    """
    if scene.qa is not None:
        return scene.valid & ~has_bit(scene.qa, DILATED_CLOUD, CIRRUS, CLOUD, CLOUD_SHADOW)
    cloud = bright_outliers(scene)
    if not cloud.any():
        return scene.valid.copy()
    return scene.valid & ~grown(cloud, scene) & ~grown(dark_in(shadow_zone(cloud, scene), scene), scene)


def bright_outliers(scene: Scene) -> NDArray[np.bool_]:
    """Where the darkest visible band is far brighter than in the rest of the scene."""
    visible = [index for index, band in enumerate(scene.bands) if band in VISIBLE]
    if not visible:
        return np.zeros(scene.valid.shape, bool)
    level = np.zeros(scene.valid.shape, np.float32)
    for number, index in enumerate(visible):
        band = scene.reflectance[index]
        median = np.median(band[scene.valid])
        spread = 1.4826 * np.median(np.abs(band[scene.valid] - median))
        score = (band - median) / max(float(spread), 1e-6)
        level = score if number == 0 else np.minimum(level, score)
    bright: NDArray[np.bool_] = scene.valid & (np.nan_to_num(level) > BRIGHT)
    return bright


def shadow_zone(cloud: NDArray[np.bool_], scene: Scene) -> NDArray[np.bool_]:
    """Everything that the clouds can shade, by the sun's place and the plausible heights."""
    zone = np.zeros_like(cloud)
    azimuth, elevation = scene.item.sun_azimuth, scene.item.sun_elevation
    if azimuth is None or elevation is None or elevation <= 0:
        return zone
    pixel = scene.grid.pixel_size_m
    reach = [height / np.tan(np.radians(elevation)) / pixel for height in CLOUD_HEIGHTS_M]
    down, right = np.cos(np.radians(azimuth)), -np.sin(np.radians(azimuth))
    image = cloud.astype(np.uint8)
    for distance in np.arange(reach[0], reach[1] + 1):
        shift = np.array([[1, 0, right * distance], [0, 1, down * distance]], np.float32)
        zone |= cv2.warpAffine(image, shift, image.shape[::-1], flags=cv2.INTER_NEAREST) > 0
    return zone


def dark_in(zone: NDArray[np.bool_], scene: Scene) -> NDArray[np.bool_]:
    """Pixels of the zone that are dark in the longest wavelengths, where shadow and ground differ most."""
    level = scene.reflectance[-2:].mean(axis=0)
    dark: NDArray[np.bool_] = zone & scene.valid & (level < np.quantile(level[scene.valid], DARK_QUANTILE))
    return dark


def grown(mask: NDArray[np.bool_], scene: Scene) -> NDArray[np.bool_]:
    """The mask with a margin, its specks dropped."""
    radius = max(round(MARGIN_M / scene.grid.pixel_size_m), 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
    solid = cv2.morphologyEx(mask.astype(np.uint8), cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    wide: NDArray[np.bool_] = cv2.dilate(solid, kernel) > 0
    return wide
