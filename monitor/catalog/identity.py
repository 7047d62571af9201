"""Which acquisition an item stands for, however its catalog spells it."""

import re
from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any, Literal
from urllib.parse import unquote, urlsplit

from monitor.catalog.item import SceneItem

Level = Literal["L1", "L2"]

LANDSAT_ID = re.compile(
    r"(?P<start>L[A-Z]\d{2}_(?P<correction>L[12][A-Z]{2})_\d{6}_\d{8})(?:_\d{8})?_(?P<end>\d{2}_[A-Z][A-Z0-9])"
)
"""Landsat Collection scene and product ids; a product id has the processing date in the middle.

Source: Landsat Collection 2 Data Dictionary, "Landsat Product Identifier" (USGS).
"""
PROCESSING_SUFFIX = re.compile(r"_(?:SR|ST|TOA|BT)$")
BAND_SUFFIX = re.compile(r"_(?:(?:SR|ST|TOA|BT)_)?B\d{1,2}[A-Z]?$", re.IGNORECASE)
LANDSAT_PLATFORM = re.compile(r"landsat-?(\d)")
LANDSAT_COLLECTION = re.compile(r"landsat-c\d-?l([12])")


def scene_id_of(item_id: str) -> str:
    """The id without what processing adds: suffixes such as ``_SR``, and the processing date of a product id.

    LC08_L2SP_028030_20200114_20200824_02_T1_SR of one catalog and LC08_L2SP_028030_20200114_02_T1 of another are
    one scene.
    """
    plain = PROCESSING_SUFFIX.sub("", item_id)
    match = LANDSAT_ID.fullmatch(plain)
    return f"{match['start']}_{match['end']}" if match else plain


def same_scene(wanted: str, item: SceneItem) -> bool:
    """Whether a user's id (scene, item or product id) means this item's scene."""
    return wanted in (item.item_id, item.product_id) or scene_id_of(wanted) == item.scene_id


def product_id_of(hrefs: Iterable[str], scene_id: str) -> str:
    """The product's name: what the file names of the reflective bands have in common.

    ``LC08_L2SP_218074_20190130_20200829_02_T1_SR_B2.tif`` gives LC08_L2SP_218074_20190130_20200829_02_T1; of
    ``<name>_<band>.tif`` the name. The scene id where the names have nothing in common.
    """
    stems = sorted({file_stem(href) for href in hrefs})
    products = {PROCESSING_SUFFIX.sub("", BAND_SUFFIX.sub("", stem)) for stem in stems if BAND_SUFFIX.search(stem)}
    if len(products) == 1:
        return products.pop()
    alike = takewhile(lambda letters: len(set(letters)) == 1, zip(*stems, strict=False))
    common = "".join(letters[0] for letters in alike).rpartition("_")[0]
    return PROCESSING_SUFFIX.sub("", common) or scene_id


def file_stem(href: str) -> str:
    """File name of a path or URL without folder, query and extension."""
    name = unquote(urlsplit(href).path).rpartition("/")[2]
    return name.rpartition(".")[0] or name


def platform_of(stated: object, item_id: str) -> str:
    """Platform in lower case with dashes (``LANDSAT_8`` and ``landsat-8`` are one); from the id if not stated.

    Empty when neither says.
    """
    if isinstance(stated, str) and stated.strip():
        name = re.sub(r"[\s_]+", "-", stated.strip().lower())
        match = LANDSAT_PLATFORM.fullmatch(name)
        return f"landsat-{match[1]}" if match else name
    match = re.match(r"L[A-Z]0(\d)_", item_id)
    return f"landsat-{match[1]}" if match else ""


def landsat_level(properties: Mapping[str, Any], item_id: str, collection: str) -> Level | None:
    """Processing level of a Landsat item; None for anything else."""
    correction = properties.get("landsat:correction")
    if isinstance(correction, str) and correction[:2].upper() in ("L1", "L2"):
        return "L1" if correction[:2].upper() == "L1" else "L2"
    match = LANDSAT_ID.match(item_id)
    if match:
        return "L1" if match["correction"].startswith("L1") else "L2"
    named = LANDSAT_COLLECTION.match(collection)
    if named:
        return "L1" if named[1] == "1" else "L2"
    return None
