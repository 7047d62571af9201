"""Real changes of the ground, put into the simulated scenes so that a monitor has something to find."""

from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
from scipy import ndimage

from monitor.simulate.ground import Ground
from monitor.simulate.noise import Floats, Mask, blob, fractal, smoothstep
from monitor.simulate.scale import FACTOR, FINE_M, MARGIN_PX
from monitor.simulate.sensor import observe
from monitor.simulate.spectra import (
    BARE_SITE,
    BURN,
    CROPS,
    FLOOD,
    FOREST,
    MUD,
    SHIP,
    WATER,
    Cover,
    column,
)


class ChangeKind(StrEnum):
    """What happened to the ground."""

    BURN = "burn"
    FLOOD = "flood"
    BARE_SOIL = "bare_soil"
    SHIP = "ship"


SHIP_PX = (2, 6)
"""How many Landsat pixels a ship covers by more than half."""
RECESSION = (0.0, 0.3, 0.6)
"""Depth (0..1) from which the ground is still under water on the first, second and third date of a flood."""


@dataclass(frozen=True, eq=False)
class Change:
    """One change: where, and on which dates (indices).

    `extent` float32 (0..1) lies on the fine ground at `corner` (fine row, column): for a flood the relative
    depth of the water, for the others how much of a cell is changed. `pixels` bool (rows, columns) are the
    Landsat pixels of the scene that are mostly changed when the change is at its largest.
    """

    kind: ChangeKind
    dates: tuple[int, ...]
    corner: tuple[int, int]
    extent: Floats
    pixels: Mask

    @property
    def window(self) -> tuple[slice, slice]:
        """The extent's place on the fine ground."""
        (row, col), (height, width) = self.corner, self.extent.shape
        return slice(row, row + height), slice(col, col + width)

    @property
    def looks(self) -> int:
        """On how many dates it must be visible: what stays is seen again if it can be. A flood: on its first."""
        lasting = self.kind in (ChangeKind.BURN, ChangeKind.BARE_SOIL)
        return min(2, len(self.dates)) if lasting else 1

    def shares(self, date: int) -> tuple[Floats, Floats]:
        """How much of each cell is changed on a date, and how much is left wet by a flood that has gone."""
        if date not in self.dates:
            return self.left_behind(date)
        step = self.dates.index(date)
        if self.kind is ChangeKind.FLOOD:
            low = RECESSION[min(step, len(RECESSION) - 1)]
            under = smoothstep(self.extent, low, low + 0.08)
            return under, np.asarray((self.extent > 0) * (1 - under), np.float32)
        fading = max(1 - 0.03 * step, 0.6) if self.kind is ChangeKind.BURN else 1.0
        return self.extent * np.float32(fading), np.zeros_like(self.extent)

    def left_behind(self, date: int) -> tuple[Floats, Floats]:
        """A flood leaves mud that dries within a few dates; nothing else leaves anything."""
        nothing = np.zeros_like(self.extent)
        after = date - self.dates[-1]
        if self.kind is not ChangeKind.FLOOD or not 0 < after <= 2:
            return nothing, nothing
        return nothing, np.asarray((self.extent > 0) * (0.5 / after), np.float32)


SPECTRUM = {
    ChangeKind.BURN: BURN,
    ChangeKind.FLOOD: FLOOD,
    ChangeKind.BARE_SOIL: BARE_SITE,
    ChangeKind.SHIP: SHIP,
}


def apply_change(cube: Floats, change: Change, date: int) -> None:
    """Change the fine reflectance (bands, rows, columns) in place as it is on a date."""
    changed, mud = change.shares(date)
    rows, cols = change.window
    part = cube[:, rows, cols]
    part += 0.7 * mud * (column(MUD) - part)
    part += changed * (column(SPECTRUM[change.kind]) * grain(change, cube[:, rows, cols]) - part)


def grain(change: Change, part: Floats) -> Floats:
    """Relative brightness within a change, taken over from the ground: ash and soil show what lay there."""
    strength = {ChangeKind.BURN: 0.35, ChangeKind.BARE_SOIL: 0.5}.get(change.kind, 0.05)
    near = part[3] / max(float(part[3].mean()), 1e-3)
    return np.asarray(1 + strength * np.clip(near - 1, -0.6, 0.6), np.float32)


def mask_on(ground_shape: tuple[int, int], change: Change, date: int) -> tuple[Floats, Floats]:
    """Shares of `Change.shares` on the whole fine ground."""
    changed, mud = np.zeros(ground_shape, np.float32), np.zeros(ground_shape, np.float32)
    changed[change.window], mud[change.window] = change.shares(date)
    return changed, mud


def plan_changes(seed: int, ground: Ground, dates: int, barred: Mask) -> list[Change]:
    """A burn scar, a flood, a building site and some ships; `barred` are Landsat pixels that none may touch."""
    rng = np.random.default_rng([seed, 2])
    last = dates - 1
    sites = Sites(ground, barred)
    pixels = barred.size
    burn_first = min(1 + dates // 4, last)
    flood_first = min(1 + dates // 6 + int(rng.integers(0, 2)), last)
    soil_first = min(1 + dates // 2, last)
    flood_dates = tuple(range(flood_first, min(flood_first + len(RECESSION), dates)))
    changes = [
        place_flood(rng, sites, int(np.clip(0.004 * pixels, 60, 800)), flood_dates),
        place_burn(rng, sites, int(np.clip(0.0045 * pixels, 60, 900)), tuple(range(burn_first, dates))),
        place_site(rng, sites, int(np.clip(0.0012 * pixels, 40, 240)), tuple(range(soil_first, dates))),
    ]
    for number in range(2 if pixels < 40_000 else 4):
        first = int(1 + (number * max(last // 3, 1) + rng.integers(0, 2)) % last)
        stay = 2 if number == 1 else 1
        changes.append(place_ship(rng, sites, tuple(range(first, min(first + stay, dates)))))
    return sorted(changes, key=lambda change: (change.dates[0], change.kind))


class Sites:
    """Where changes may go: the ground and the cells that are still free."""

    def __init__(self, ground: Ground, barred: Mask) -> None:
        """`barred` is bool (rows, columns) in Landsat pixels."""
        self.ground = ground
        self.free: Mask = np.zeros(ground.cover.shape, bool)
        inside = (slice(FACTOR * MARGIN_PX, -FACTOR * MARGIN_PX),) * 2
        self.free[inside] = np.kron(~barred, np.ones((FACTOR, FACTOR), bool))

    def best(self, rng: np.random.Generator, wanted: Floats, radius: float) -> tuple[int, int]:
        """The fine cell with the most of what is wanted within a radius, all of it free."""
        crowded = ndimage.gaussian_filter((~self.free).astype(np.float32), radius / 1.5)
        score = ndimage.gaussian_filter(wanted * self.free, radius / 2)
        score = score * (1 - np.clip(crowded * 2, 0, 1)) * (1 + 0.15 * rng.random(score.shape)) + 1e-6 * self.free
        row, col = divmod(int(np.argmax(score)), score.shape[1])
        return row, col

    def take(self, kind: ChangeKind, dates: tuple[int, ...], corner: tuple[int, int], extent: Floats) -> Change:
        """A change on these cells, which others then keep away from."""
        whole = np.zeros(self.free.shape, np.float32)
        rows, cols = slice(corner[0], corner[0] + extent.shape[0]), slice(corner[1], corner[1] + extent.shape[1])
        whole[rows, cols] = (extent > 0) * self.free[rows, cols]
        kept = np.where(whole[rows, cols] > 0, extent, 0).astype(np.float32)
        near = ndimage.binary_dilation(whole > 0, iterations=5 * FACTOR)
        self.free &= ~near
        return Change(kind, dates, corner, kept, observe(whole) > 0.5)

    def around(self, center: tuple[int, int], radius: int) -> tuple[slice, slice]:
        """The square about a cell, as far as there is ground."""
        rows, cols = self.free.shape
        return (
            slice(max(center[0] - radius, 0), min(center[0] + radius + 1, rows)),
            slice(max(center[1] - radius, 0), min(center[1] + radius + 1, cols)),
        )


def place_burn(rng: np.random.Generator, sites: Sites, area_px: int, dates: tuple[int, ...]) -> Change:
    """A ragged burn scar in woods, or where there are few, in green fields."""
    cover = sites.ground.cover
    worth = np.zeros(len(Cover), np.float32)
    worth[list(FOREST)], worth[Cover.TREES] = 1, 0.9
    worth[[Cover.HAY, Cover.WHEAT, Cover.CORN, Cover.SOY]] = 0.45
    area = area_px * FACTOR**2
    radius = (area / np.pi) ** 0.5
    center = sites.best(rng, worth[cover], radius)
    rows, cols = sites.around(center, int(3 * radius) + 6)
    local = (center[0] - rows.start, center[1] - cols.start)
    shape = (rows.stop - rows.start, cols.stop - cols.start)
    scar = blob(rng, shape, local, area, 0.8) & (worth[cover[rows, cols]] > 0)
    severity = np.clip(0.9 + 0.08 * fractal(rng, shape, 2.6, 20), 0.7, 1)
    return sites.take(ChangeKind.BURN, dates, (rows.start, cols.start), np.asarray(scar * severity, np.float32))


def place_flood(rng: np.random.Generator, sites: Sites, area_px: int, dates: tuple[int, ...]) -> Change:
    """A flood that leaves the river's bed; deepest at the river."""
    ground = sites.ground
    area = area_px * FACTOR**2
    radius = (area / np.pi) ** 0.5
    lake = ground.cover == Cover.LAKE
    open_land = ground.where(*CROPS, *FOREST, Cover.TREES) & (ground.shore_m > 250)
    wanted = open_land * (ground.river_m < 90 + 5 * radius)
    center = sites.best(rng, wanted.astype(np.float32), radius)
    rows, cols = sites.around(center, int(2.6 * radius) + 6)
    shape = (rows.stop - rows.start, cols.stop - cols.start)
    down = np.arange(shape[0], dtype=np.float32)[:, None] + rows.start - center[0]
    right = np.arange(shape[1], dtype=np.float32)[None] + cols.start - center[1]
    height = np.hypot(down, right) / radius + ground.river_m[rows, cols] / (8 * radius)
    height = height + 0.3 * fractal(rng, shape, 3.2, radius)
    river = ground.cover[rows, cols] == Cover.RIVER
    possible = (open_land[rows, cols] | river | (ground.cover[rows, cols] == Cover.ASPHALT)) & ~lake[rows, cols]
    height = np.where(possible & sites.free[rows, cols], height, np.inf)
    level = np.partition(height.ravel(), area)[area] if np.isfinite(height).sum() > area else height[possible].max()
    wet = np.isfinite(height) & (height <= level)
    parts, _ = ndimage.label(wet)
    wet = parts == np.argmax(np.bincount(parts[wet]))
    depth = np.where(wet, 0.12 + 0.88 * (level - height) / max(float(level - height[wet].min()), 1e-6), 0)
    return sites.take(ChangeKind.FLOOD, dates, (rows.start, cols.start), depth.astype(np.float32))


def place_site(rng: np.random.Generator, sites: Sites, area_px: int, dates: tuple[int, ...]) -> Change:
    """A field stripped for building: the one whose size fits best, cut down to a square if it is too large."""
    ground = sites.ground
    crop = ground.where(Cover.CORN, Cover.SOY, Cover.WHEAT, Cover.HAY)
    area = area_px * FACTOR**2
    count = len(ground.vigour)
    usable = np.bincount(ground.parcel[crop & sites.free], minlength=count)
    whole = np.bincount(ground.parcel.ravel(), minlength=count)
    fit = np.minimum(usable, 2 * area) / area - 0.3 * usable / np.maximum(whole.max(), 1) + 0.3 * rng.random(count)
    field = crop & sites.free & (ground.parcel == int(np.argmax(fit)))
    rows, cols = np.nonzero(field)
    if len(rows) > area:
        reach = np.maximum(np.abs(rows - np.median(rows)), np.abs(cols - np.median(cols)))
        keep = reach <= np.partition(reach, area)[area]
        rows, cols = rows[keep], cols[keep]
    corner = (int(rows.min()), int(cols.min()))
    extent = np.zeros((int(rows.max()) - corner[0] + 1, int(cols.max()) - corner[1] + 1), np.float32)
    extent[rows - corner[0], cols - corner[1]] = 0.95
    return sites.take(ChangeKind.BARE_SOIL, dates, corner, extent)


def place_ship(rng: np.random.Generator, sites: Sites, dates: tuple[int, ...]) -> Change:
    """A ship of a few pixels on open water."""
    off_shore = np.clip((-sites.ground.shore_m - 90) / 250, 0, 1) * sites.ground.where(*WATER)
    blurred = fractal(rng, (sites.free.shape[0], sites.free.shape[1]), 3.0)
    center = sites.best(rng, np.asarray(off_shore * (1 + 0.4 * np.clip(blurred, -2, 2)), np.float32), 12)
    for _ in range(30):  # a hull that falls between pixels fills none of them by half
        window, hull = draw_hull(rng, sites, center)
        whole = np.zeros(sites.free.shape, np.float32)
        whole[window] = hull
        if SHIP_PX[0] <= (observe(whole) > 0.5).sum() <= SHIP_PX[1]:
            break
    return sites.take(ChangeKind.SHIP, dates, (window[0].start, window[1].start), hull)


def draw_hull(rng: np.random.Generator, sites: Sites, center: tuple[int, int]) -> tuple[tuple[slice, slice], Floats]:
    """A hull of random size and heading about a cell: its place on the ground and which cells it covers."""
    length, width = rng.uniform(80, 130), rng.uniform(34, 44)
    window = sites.around(center, int(length / FINE_M) + 4)
    turn = rng.uniform(0, np.pi)
    ahead = np.array([np.cos(turn), np.sin(turn)]) * (length / FINE_M - 1) / 2
    beside = np.array([-np.sin(turn), np.cos(turn)]) * (width / FINE_M - 1) / 2
    middle = np.array([center[1] - window[1].start, center[0] - window[0].start])
    outline = [ahead - beside, 1.12 * ahead, ahead + beside, -ahead + beside, -ahead - beside]
    hull = np.zeros((window[0].stop - window[0].start, window[1].stop - window[1].start), np.uint8)
    cv2.fillConvexPoly(hull, np.round(np.array(outline) + middle).astype(np.int32), [1])
    return window, hull.astype(np.float32)
