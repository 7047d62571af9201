"""Items of a STAC API."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import urljoin

from pystac_client import ItemSearch

from monitor.catalog.http import CatalogIO, Refused, bare
from monitor.catalog.query import Query
from monitor.errors import CatalogUnavailable, ConfigError

PAGE_SIZE = 100


def is_api(landing: Mapping[str, Any]) -> bool:
    """Whether a catalog can be searched."""
    conforms = landing.get("conformsTo")
    declared = isinstance(conforms, list) and any("item-search" in str(name) for name in conforms)
    return declared or bool(links(landing, "search"))


def search_items(
    io: CatalogIO, landing: Mapping[str, Any], url: str, query: Query, page_size: int = PAGE_SIZE
) -> list[dict[str, Any]]:
    """Items that the API finds, as they are, each once.

    Raises CatalogUnavailable, and ConfigError if the API has none of the collections.
    """
    place: dict[str, Any] = {}
    if query.outline is not None:
        place = {"bbox": query.outline.bounds} if query.is_box else {"intersects": dict(query.area or {})}
    found = list(items(io, landing, url, page_size, query, datetime=[query.since, query.until], **place))
    if not found:
        check_collections(io, landing, url, query.collections)
    return found


def items_by_id(
    io: CatalogIO, landing: Mapping[str, Any], url: str, query: Query, ids: Sequence[str]
) -> list[dict[str, Any]]:
    """Items of the query's collections that have one of the ids."""
    return list(items(io, landing, url, PAGE_SIZE, query, ids=list(ids)))


def items(
    io: CatalogIO, landing: Mapping[str, Any], url: str, page_size: int, query: Query, **asked: Any
) -> Iterator[dict[str, Any]]:
    """Items of all pages, each once; CatalogUnavailable when the pages go in circles."""
    found = links(landing, "search")
    address = urljoin(url, str(found[0]["href"])) if found else f"{url.rstrip('/')}/search"
    method = "POST" if any(str(link.get("method", "")).upper() == "POST" for link in found) else "GET"
    search = ItemSearch(
        address, method=method, stac_io=io, limit=page_size, collections=list(query.collections), **asked
    )
    seen: set[tuple[str, str]] = set()
    for page in search.pages_as_dicts():
        features = [feature for feature in page["features"] if isinstance(feature, dict)]
        fresh = {key_of(feature): feature for feature in features if key_of(feature) not in seen}
        if not fresh:
            raise CatalogUnavailable(f"catalog {io.catalog}: {bare(address)} gives the same page again and again")
        seen.update(fresh)
        yield from fresh.values()


def key_of(feature: Mapping[str, Any]) -> tuple[str, str]:
    """What tells one item of an API from another."""
    return str(feature.get("collection")), str(feature.get("id"))


def check_collections(io: CatalogIO, landing: Mapping[str, Any], url: str, names: Sequence[str]) -> None:
    """ConfigError if the API has none of the collections; a search for them finds nothing, for ever."""
    listing = links(landing, "data")
    if not listing:
        return
    address = urljoin(url, str(listing[0]["href"]))
    for name in names:
        try:
            io.read_json(f"{address}/{name}")
        except Refused:
            continue
        return
    raise ConfigError(
        f"catalog {io.catalog}: it has no collection {' or '.join(names)}; {bare(address)} lists those it has, "
        "correct the monitor's collections"
    )


def links(landing: Mapping[str, Any], rel: str) -> list[Mapping[str, Any]]:
    """The links of one kind that have an href."""
    found = landing.get("links")
    return [
        link
        for link in (found if isinstance(found, list) else [])
        if isinstance(link, Mapping) and link.get("rel") == rel and isinstance(link.get("href"), str)
    ]
