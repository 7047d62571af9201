"""/ogc: landing page, conformance, collections, items."""

from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse

from monitor.errors import RequestError
from monitor.web.etag import EtagRoute
from monitor.web.links import link
from monitor.web.ogc.collections import COLLECTIONS, Asked, Collection, collection, number_of
from monitor.web.ogc.interval import interval
from monitor.web.params import BoxOrNone
from monitor.web.problems import PROBLEMS
from monitor.web.services import Served, Services

router = APIRouter(prefix="/ogc", tags=["OGC API - Features"], route_class=EtagRoute, responses=PROBLEMS)

JSON, GEOJSON, SCHEMA = "application/json", "application/geo+json", "application/schema+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)
PAGE, LARGEST_PAGE = 100, 10_000
KNOWN = {"bbox", "bbox-crs", "crs", "datetime", "limit", "offset", "f"}


@router.get("/", include_in_schema=False)
@router.get("")
def landing(request: Request) -> dict[str, Any]:
    """Where everything is."""
    return {
        "title": "Landsat monitor",
        "description": "Alerts and scenes of a change-detection monitor for Landsat 8.",
        "links": [
            link(request, "/ogc", "self", JSON, "This page"),
            link(request, "/openapi.json", "service-desc", OPENAPI, "All routes"),
            link(request, "/ogc/conformance", "conformance", JSON, "Conformance classes"),
            link(request, "/ogc/collections", "data", JSON, "Collections"),
        ],
    }


@router.get("/conformance")
def conformance() -> dict[str, Any]:
    """Which parts of the standard are there."""
    return {"conformsTo": list(CONFORMANCE)}


@router.get("/collections")
def list_collections(request: Request, services: Served) -> dict[str, Any]:
    """Alerts and scenes."""
    described = [describe(request, services, found) for found in COLLECTIONS.values()]
    return {"links": [link(request, "/ogc/collections", "self", JSON)], "collections": described}


@router.get("/collections/{name}")
def show_collection(request: Request, services: Served, name: str) -> dict[str, Any]:
    """One collection."""
    return describe(request, services, collection(name))


def describe(request: Request, services: Services, found: Collection) -> dict[str, Any]:
    """A collection with its extent and links."""
    with services.reading() as session:
        box, begin, end = found.extent(session)
    times = [None if moment is None else stamp(moment) for moment in (begin, end)]
    here = f"/ogc/collections/{found.id}"
    return {
        "id": found.id,
        "title": found.title,
        "description": found.description,
        "itemType": "feature",
        "crs": [CRS84],
        "storageCrs": CRS84,
        "extent": {
            "spatial": {"bbox": [list(box or (-180, -90, 180, 90))], "crs": CRS84},
            "temporal": {"interval": [times]},
        },
        "links": [
            link(request, here, "self", JSON),
            link(request, f"{here}/items", "items", GEOJSON, found.title),
            link(request, f"{here}/queryables", "http://www.opengis.net/def/rel/ogc/1.0/queryables", SCHEMA),
        ],
    }


@router.get("/collections/{name}/queryables")
def queryables(request: Request, name: str) -> JSONResponse:
    """Properties that items can be chosen by, as a JSON schema."""
    found = collection(name)
    here = link(request, f"/ogc/collections/{name}/queryables", "self", SCHEMA)["href"]
    head = {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": here, "type": "object"}
    body = head | {"title": found.title, "properties": found.queryables, "additionalProperties": False}
    return JSONResponse(body, media_type=SCHEMA)


@router.get("/collections/{name}/items")
def items(
    request: Request,
    services: Served,
    name: str,
    bbox: BoxOrNone,
    datetime: Annotated[str | None, Query(max_length=100, description="A moment, or an interval a/b.")] = None,
    limit: Annotated[int, Query(ge=1)] = PAGE,
    offset: Annotated[int, Query(ge=0, le=10_000_000)] = 0,
) -> JSONResponse:
    """Features page by page, the newest first; queryables of the collection are parameters too."""
    found = collection(name)
    unknown = request.query_params.keys() - KNOWN - found.queryables.keys()
    if unknown:
        names = ", ".join(sorted(unknown))
        raise RequestError(
            f"{names}: no such parameter; there are {', '.join(sorted(KNOWN | found.queryables.keys()))}"
        )
    if request.query_params.get("bbox-crs", CRS84) != CRS84 or request.query_params.get("crs", CRS84) != CRS84:
        raise RequestError(f"only {CRS84} is spoken here")
    since, until = interval(datetime)
    equal = {key: value for key, value in request.query_params.items() if key in found.queryables}
    if any("\x00" in value for value in equal.values()):
        raise RequestError("a parameter holds a NUL character")
    asked = Asked(bbox, since, until, equal, min(limit, LARGEST_PAGE), offset)
    with services.reading() as session:
        page = found.page(session, asked)
    links = [page_link(request, offset, "self"), link(request, f"/ogc/collections/{name}", "collection", JSON)]
    if offset + len(page.features) < page.matched and page.features:
        links.append(page_link(request, offset + len(page.features), "next"))
    if offset:
        links.append(page_link(request, max(offset - asked.limit, 0), "prev"))
    body = {
        "type": "FeatureCollection",
        "links": links,
        "numberMatched": page.matched,
        "numberReturned": len(page.features),
        "features": page.features,
    }
    return JSONResponse(jsonable_encoder(body), media_type=GEOJSON)


@router.get("/collections/{name}/items/{number}")
def item(request: Request, services: Served, name: str, number: str) -> JSONResponse:
    """One feature."""
    found = collection(name)
    with services.reading() as session:
        feature = found.one(session, number_of(number))
    links = [
        link(request, f"/ogc/collections/{name}/items/{number}", "self", GEOJSON),
        link(request, f"/ogc/collections/{name}", "collection", JSON),
    ]
    return JSONResponse(jsonable_encoder(feature | {"links": links}), media_type=GEOJSON)


def page_link(request: Request, offset: int, rel: str) -> dict[str, Any]:
    """A link to this page of items, or one beside it."""
    asked = [(key, value) for key, value in request.query_params.multi_items() if key != "offset"]
    query = urlencode(asked + ([("offset", str(offset))] if offset else []))
    return link(request, request.url.path + (f"?{query}" if query else ""), rel, GEOJSON)


def stamp(moment: datetime) -> str:
    """RFC 3339."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
