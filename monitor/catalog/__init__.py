"""Where scenes come from: STAC APIs and static catalogs."""

from monitor.catalog.access import gdal_options, readable_href
from monitor.catalog.parse import parse_item
from monitor.catalog.search import SearchResult, fetch_scene, find_scenes
from monitor.catalog.static import ItemProblem

__all__ = [
    "ItemProblem",
    "SearchResult",
    "fetch_scene",
    "find_scenes",
    "gdal_options",
    "parse_item",
    "readable_href",
]
