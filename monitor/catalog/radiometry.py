"""Scale, offset and nodata of an asset: as stated, or the known values of Landsat Collection 2."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from monitor.catalog.identity import Level
from monitor.catalog.malformed import Malformed

NOT_FINITE = ("nan", "inf", "-inf")
QA_FILL = 1.0
"""QA_PIXEL of a pixel without data: only the fill bit."""


@dataclass(frozen=True)
class Radiometry:
    """From numbers to a physical value: ``number * scale + offset``; `nodata` is in numbers."""

    scale: float
    offset: float
    nodata: float | None


LEVEL_2_REFLECTANCE = Radiometry(2.75e-05, -0.2, 0.0)
LEVEL_2_KELVIN = Radiometry(0.00341802, 149.0, 0.0)
LEVEL_1_REFLECTANCE = Radiometry(2e-05, -0.1, 0.0)
"""Landsat 8-9 Collection 2 Level 2 and Level 1 Data Format Control Books (USGS LSDS-1619, LSDS-1822)."""


def radiometry_of(name: str, asset: Mapping[str, Any], level: Level | None) -> Radiometry | None:
    """Radiometry of a band by its common name.

    From ``raster:bands`` (raster extension 1), from ``bands`` or the asset itself (STAC 1.1), or else what is known
    of the Landsat level. None for a thermal band of level 1, whose constants are not in an item. Raises Malformed
    for stated values that are no numbers.
    """
    stated = stated_fields(asset)
    nodata = stated_nodata(stated)
    if name == "qa_pixel":
        return Radiometry(1.0, 0.0, QA_FILL if nodata is None else nodata)
    if "scale" in stated or "offset" in stated:
        scale, offset = number(stated.get("scale", 1), "scale"), number(stated.get("offset", 0), "offset")
        if scale == 0:
            raise Malformed("its scale is 0")
        return Radiometry(scale, offset, nodata)
    if level is None or stated.get("data_type", "uint16") not in ("uint16", "int16"):
        return Radiometry(1.0, 0.0, nodata)
    known = known_radiometry(name, level)
    if known is None or nodata is None:
        return known
    return Radiometry(known.scale, known.offset, nodata)


def known_radiometry(name: str, level: Level) -> Radiometry | None:
    """Landsat Collection 2 values of a band."""
    if name == "lwir11":
        return LEVEL_2_KELVIN if level == "L2" else None
    return LEVEL_2_REFLECTANCE if level == "L2" else LEVEL_1_REFLECTANCE


def stated_fields(asset: Mapping[str, Any]) -> dict[str, Any]:
    """scale, offset, nodata and data_type, from wherever the asset has them; null is as good as absent."""
    fields: dict[str, Any] = {}
    for source in (asset, first_band(asset, "bands"), first_band(asset, "raster:bands")):
        for key in ("scale", "offset", "nodata", "data_type"):
            value = source.get(f"raster:{key}", source.get(key))
            if value is not None:
                fields[key] = value
    return fields


def first_band(asset: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The only band of an asset as a list of bands describes it; empty when it is not described."""
    bands = asset.get(key)
    if isinstance(bands, list) and bands and isinstance(bands[0], Mapping):
        return bands[0]
    return {}


def stated_nodata(stated: Mapping[str, Any]) -> float | None:
    """Nodata as a number; None also for NaN and infinity, which readers leave out anyway."""
    value = stated.get("nodata")
    if value is None or str(value).lower() in NOT_FINITE:
        return None
    return number(value, "nodata")


def number(value: object, what: str) -> float:
    """A finite number, or Malformed."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise Malformed(f"its {what} is {value!r}, not a number")
    try:
        parsed = float(value)
    except ValueError:
        raise Malformed(f"its {what} is {value!r}, not a number") from None
    if not math.isfinite(parsed):
        raise Malformed(f"its {what} is {value!r}")
    return parsed
