"""The band files of an item, by common name."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from pystac.utils import make_absolute_href

from monitor.catalog.identity import Level
from monitor.catalog.item import BandAsset
from monitor.catalog.malformed import Malformed
from monitor.catalog.radiometry import radiometry_of
from monitor.spectrum import BANDS

NAMES = (*BANDS, "qa_pixel", "lwir11")
"""Bands that are looked for: reflectance, the quality band, and the thermal band."""

ALIASES = {"nir": "nir08", "lwir": "lwir11"}
PREVIEWS = frozenset({"thumbnail", "overview", "metadata"})


def band_assets(
    assets: Mapping[str, Any], base: str | None, self_href: str | None, level: Level | None
) -> dict[str, BandAsset]:
    """The assets that are bands, with absolute hrefs and radiometry; by asset key first, then by common name.

    Relative hrefs start from `base`, the file or URL that the item was read from, or else from where the item says
    that it lies. Raises Malformed, which names the asset, for a band without an href or with values that are no
    numbers.
    """
    bands: dict[str, BandAsset] = {}
    for name, key in band_keys(assets).items():
        asset = assets[key]
        try:
            href = absolute_href(asset.get("href"), base, self_href)
            radiometry = radiometry_of(name, asset, level)
        except Malformed as error:
            raise Malformed(f"asset {key!r}: {error}") from error
        if radiometry is not None:
            bands[name] = BandAsset(name, href, radiometry.scale, radiometry.offset, radiometry.nodata)
    return bands


def band_keys(assets: Mapping[str, Any]) -> dict[str, str]:
    """From the name of a band to the key of its asset."""
    usable = {key: asset for key, asset in assets.items() if isinstance(asset, Mapping) and not is_preview(asset)}
    found = {key.lower(): key for key in usable if key.lower() in NAMES}
    described = [(name, key) for key, asset in usable.items() for name in common_names(asset)]
    for name, key in described:
        if name in NAMES:
            found.setdefault(name, key)
    for name, key in described:
        if name in ALIASES:
            found.setdefault(ALIASES[name], key)
    return {name: found[name] for name in NAMES if name in found}


def is_preview(asset: Mapping[str, Any]) -> bool:
    """Whether an asset only shows or describes the scene."""
    roles = asset.get("roles")
    return isinstance(roles, list) and bool(PREVIEWS.intersection(str(role) for role in roles))


def common_names(asset: Mapping[str, Any]) -> Iterator[str]:
    """Common name of an asset's band (EO extension 1, or STAC 1.1); none for an asset of several bands."""
    for key in ("bands", "eo:bands"):
        bands = asset.get(key)
        if isinstance(bands, list) and len(bands) == 1 and isinstance(bands[0], Mapping):
            name = bands[0].get("eo:common_name", bands[0].get("common_name"))
            if isinstance(name, str):
                yield name.lower()


def absolute_href(href: object, base: str | None, self_href: str | None) -> str:
    """A URL or an absolute path; Malformed when there is none or no way to tell where it starts.

    An absolute path stays one in an item of an API (no `base`), and is the host's in a static catalog behind HTTP.
    """
    if not isinstance(href, str) or not href.strip():
        raise Malformed("it has no href")
    href = local_path(href.strip())
    if "://" in href or href.startswith("/vsi") or (base is None and Path(href).is_absolute()):
        return href
    start = base or self_href
    if start is None:
        raise Malformed(f"its href {href!r} is relative, and the item does not say to what")
    return make_absolute_href(href, local_path(start))


def local_path(href: str) -> str:
    """A file:// URL as a path, anything else as it is."""
    return unquote(urlsplit(href).path) if href.startswith("file://") else href
