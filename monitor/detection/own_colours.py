"""What clouds and shadows of a scene look like, once a look has found some: its own colours."""

import numpy as np
from numpy.typing import NDArray

from monitor.detection import codes
from monitor.detection.canvas import EVERYWHERE, Canvas
from monitor.detection.codes import read
from monitor.detection.explain import CLOUD, CLOUD_COLOUR, OWN_CLOUD, OWN_SHADOW, SHADOW, Colours
from monitor.detection.judge_kernels import SHADE_CERTAIN
from monitor.detection.known import table
from monitor.detection.look import Look
from monitor.detection.look_kernels import THICKEST_HAZE
from monitor.detection.shadow_colour import shadow_colour
from monitor.detection.sun import resolved
from monitor.ranks import quantile

THICK, THICKEST = 0.5, 0.95
"""Opacity of the clouds whose colour is taken, and the quantile of it that is opaque."""
MIN_CORE_PX = 40
"""Pixels inside thick clouds, or in deep shadows, from which their colour is taken."""
DEEP_ENOUGH, SHADE_PX = 0.4, 5000
"""Depth of the shadows whose colour is taken, and how many of their pixels are enough."""


def own_colours(canvas: Canvas, seen: Look) -> Colours:
    """The colours with that of the scene's own thick clouds, where it has some."""
    cloud = (seen.best == CLOUD) & ((seen.bits & codes.SNOW) == 0)
    rows, columns = np.nonzero(
        canvas.inner(cloud) & (read(codes.OPACITY, seen.opacity) > THICK) & canvas.compared(EVERYWHERE)
    )
    if rows.size < MIN_CORE_PX or not shade_fits(canvas, seen):
        return canvas.colours
    step = -(-rows.size // 20_000)
    rows, columns = rows[::step], columns[::step]
    ground, scene = (stack.at(rows, columns) for stack in (canvas.reference.stack, canvas.scene.stack))
    opacity = read(codes.OPACITY, seen.opacity[rows, columns])
    level = np.median(ground, axis=1)
    contrast = np.median(ground + (scene - ground) / opacity, axis=1) - level
    colour = (level + contrast * brightness(canvas, level, contrast, opacity)).astype(np.float32)
    like = canvas.colours
    return like._replace(cloud=colour, spread=like.spread * np.float32(OWN_CLOUD), variety=like.variety * OWN_CLOUD)


def brightness(
    canvas: Canvas, level: NDArray[np.float32], contrast: NDArray[np.float32], opacity: NDArray[np.float32]
) -> float:
    """What share of a contrast (bands,) to the ground's level clouds really have, given opacities that it implied.

    The thickest clouds are opaque: where they seem not to be, clouds are darker than was thought, as they may be where
    values are not reflectances (see `canvas.colours`). But no darker than clouds are by reflectance.
    """
    bright, usual = canvas.bright_bands, table(CLOUD_COLOUR, canvas.scene.bands)
    least = (usual - level)[bright].mean() / max(float(contrast[bright].mean()), 1e-3)
    return float(np.clip(quantile(opacity, THICKEST), min(least, 1), 1))


def own_shade(canvas: Canvas, seen: Look, colours: Colours) -> Colours:
    """The colours with what the scene's own shadows take and the light of its air, where it has deep shadows.

    In shadow there is less haze than was taken off the scene: the light of the air may be less than none.
    """
    if seen.shade is None:
        return colours
    shaded = (seen.taken > SHADE_CERTAIN / codes.SHARE_STEP) & (seen.best == SHADOW)
    deep = seen.depth > codes.depth_code(DEEP_ENOUGH)
    rows, columns = np.nonzero(shaded & deep & canvas.compared(EVERYWHERE))
    if rows.size < MIN_CORE_PX:
        return colours
    step = -(-rows.size // SHADE_PX)
    rows, columns = rows[::step], columns[::step]
    season = seen.ground.season[canvas.reference.labels[rows, columns]].T.astype(np.float32)
    ground, scene = canvas.reference.stack.at(rows, columns) + season, canvas.scene.stack.at(rows, columns)
    usual, haze = canvas.colours, THICKEST_HAZE * canvas.colours.cloud
    taken, air = shadow_colour(read(codes.DEPTH, seen.depth[rows, columns]), ground, scene, usual.taken, usual.air)
    return colours._replace(taken=taken, shade_variety=OWN_SHADOW, air=np.clip(air, -haze, usual.air + haze))


def shade_fits(canvas: Canvas, seen: Look) -> bool:
    """Whether the clouds found throw shadows, or could not be seen to."""
    return seen.shade is not None or canvas.sun is None or not resolved(canvas.sun)
