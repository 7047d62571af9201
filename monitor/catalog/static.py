"""Items of a static catalog, on disk or behind HTTP."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pystac.utils import make_absolute_href

from monitor.catalog.api import links
from monitor.catalog.http import CatalogIO, Refused, Unreadable
from monitor.errors import ConfigError

READERS = 8
"""Items read at once: over HTTP the waiting is what takes long."""


class ItemProblem(NamedTuple):
    """What is wrong with one item; the others are not affected."""

    item_id: str
    message: str


class ItemFile(NamedTuple):
    """An item and the path or URL that it was read from."""

    document: dict[str, Any]
    href: str


@dataclass
class Walk:
    """What a walk through a catalog came across."""

    items: list[ItemFile] = field(default_factory=list)
    problems: list[ItemProblem] = field(default_factory=list)
    collections: set[str] = field(default_factory=set)


class Place(NamedTuple):
    """A catalog or collection on the way, and the collection that it belongs to."""

    document: dict[str, Any]
    href: str
    collection: str | None


def walk_items(io: CatalogIO, root: dict[str, Any], url: str, wanted: tuple[str, ...]) -> Walk:
    """All items below a catalog that are not in an unwanted collection.

    An item or branch that cannot be read is a problem; raises CatalogUnavailable when the server stops answering,
    and ConfigError if the root is no catalog or has collections but none that is wanted.
    """
    found = Walk()
    waiting: list[tuple[str, str | None]] = []
    branches, seen = [Place(root, url, None)], {url}
    while branches:
        document, href, collection = branches.pop()
        if document.get("type") == "Collection":
            collection = str(document.get("id"))
            found.collections.add(collection)
            if collection not in wanted:
                continue
        elif document.get("type") in ("Feature", "FeatureCollection"):
            found.items += loose_items(document, href)
            continue
        elif document.get("type", "Catalog") != "Catalog" or "links" not in document:
            raise ConfigError(f"catalog {io.catalog}: {href} is no STAC catalog; correct the catalog's url")
        waiting += [(target, collection) for target in targets(document, href, "item", seen)]
        for target in targets(document, href, "child", seen):
            child = read_or_note(io, target, found)
            branches += [] if child is None else [Place(child, target, collection)]
    read_items(io, waiting, found)
    if found.collections and not found.collections.intersection(wanted) and not found.items:
        raise ConfigError(
            f"catalog {io.catalog}: it has no collection {' or '.join(wanted)}, but "
            f"{', '.join(sorted(found.collections))}; correct the monitor's collections"
        )
    return found


def loose_items(document: dict[str, Any], href: str) -> list[ItemFile]:
    """The item of a file that is one, or those of an item collection."""
    features = document.get("features", []) if document["type"] == "FeatureCollection" else [document]
    return [ItemFile(feature, href) for feature in features if isinstance(feature, dict)]


def targets(document: Mapping[str, Any], href: str, rel: str, seen: set[str]) -> list[str]:
    """Absolute hrefs of the links of one kind, each once in the whole walk."""
    found = dict.fromkeys(make_absolute_href(link["href"], href) for link in links(document, rel))
    new = [target for target in found if target not in seen]
    seen.update(new)
    return new


def read_items(io: CatalogIO, waiting: list[tuple[str, str | None]], found: Walk) -> None:
    """Read item files; an item that names no collection belongs to the one that links to it."""
    with ThreadPoolExecutor(READERS) as pool:
        reading = [pool.submit(copy_context().run, read_or_note, io, href, found) for href, _ in waiting]
        for (href, collection), one in zip(waiting, reading, strict=True):
            document = one.result()
            if document is None:
                continue
            if document.get("collection") is None and collection is not None:
                document["collection"] = collection
            found.items.append(ItemFile(document, href))


def read_or_note(io: CatalogIO, href: str, found: Walk) -> dict[str, Any] | None:
    """A document of the catalog, or None and a problem."""
    try:
        return io.read_json(href)
    except (Refused, Unreadable) as error:
        found.problems.append(ItemProblem(PurePosixPath(urlsplit(href).path).stem, str(error)))
        return None
