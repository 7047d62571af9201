"""Clear scenes that series are made on: those of the bench, and any of them as level 1 shows it."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import rasterio

SITES = {"manaus": "LC09_L2SP_231062_20230723_02_T1", "liverpool": "LC08_L2SP_204023_20200927_02_T1"}
LEVEL_1_SCALE, LEVEL_1_OFFSET = 2e-5, -0.1
"""Of Landsat Collection 2 level 1: reflectance above the air, not divided by the sine of the height of the sun."""


def sites(shared: Path) -> dict[str, Path]:
    """The clear scenes of the bench, as items, by the name of their site."""
    return {site: shared / "data/backgrounds" / item / f"{item}.json" for site, item in SITES.items()}


def all_at_level_1(items: Mapping[str, Path], work: Path) -> dict[str, Path]:
    """Clear scenes by the name of their site, as the sensor sees them, under names that say so."""
    return {f"{site}-level1": at_level_1(path, work) for site, path in items.items()}


def at_level_1(background: Path, work: Path) -> Path:
    """A clear scene of level 2 as the sensor sees it: with the light of the air, and by the height of the sun.

    The air is that of the bench's make_scenes.py, which `series.bench` makes known. The item and its bands are written
    below `work`, its path is given.
    """
    from make_scenes import BANDS as KEYS
    from make_scenes import PATH_REFLECTANCE

    item = json.loads(background.read_text())
    item["id"] = item["id"].replace("L2SP", "L1TP")
    folder = work / "level-1" / item["id"]
    path = folder / f"{item['id']}.json"
    if path.exists():
        return path
    folder.mkdir(parents=True)
    height = np.sin(np.radians(item["properties"]["view:sun_elevation"]))
    item["collection"], item["properties"]["landsat:correction"] = "landsat-c2-l1", "L1TP"
    item["assets"] = {key: asset for key, asset in item["assets"].items() if key in KEYS}
    for key, asset in item["assets"].items():
        units = asset["raster:bands"][0]
        with rasterio.open(background.parent / asset["href"]) as source:
            numbers, profile = source.read(1), source.profile
        seen = (numbers * units["scale"] + units["offset"]) * height + PATH_REFLECTANCE[KEYS.index(key)]
        units.update(scale=LEVEL_1_SCALE, offset=LEVEL_1_OFFSET)
        values = np.clip(np.rint((seen - LEVEL_1_OFFSET) / LEVEL_1_SCALE), 1, 65535)
        asset["href"] = f"{key}.tif"
        with rasterio.open(folder / asset["href"], "w", **profile) as file:
            file.write(np.where(numbers == 0, 0, values).astype(profile["dtype"]), 1)
    path.write_text(json.dumps(item))
    return path
