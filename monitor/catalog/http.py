"""Reading a catalog's JSON documents: time limits, retries with back-off, and errors that say what happened."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import requests
from pystac import Link
from pystac_client.stac_api_io import StacApiIO

from monitor.errors import CatalogUnavailable, ConfigError
from monitor.retries import retry_context

ATTEMPTS = 4
PATIENCE_S = 120.0
"""No further attempt after this time."""
LONGEST_PAUSE_S = 30.0
"""A server that asks to wait longer is taken as unavailable: the next pass asks again."""
BUSY = {HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS}
PREVIEW_CHARS = 120


class Unreachable(CatalogUnavailable):
    """No answer, or one with 408, 425, 429 or 5xx; `retry_after_s` is what the server asked to wait."""

    def __init__(self, message: str, retry_after_s: float | None = None) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Unreadable(CatalogUnavailable):
    """An answer that is not the JSON it should be."""


class Refused(ConfigError):
    """No such file, or an answer with another 4xx: asking again does not help."""


class CatalogIO(StacApiIO):
    """Reads documents of one catalog from disk or HTTP.

    Raises Unreachable or Unreadable (both after retries), or Refused. `timeout_s` limits connecting and every wait
    for data.
    """

    def __init__(self, catalog: str, timeout_s: float) -> None:
        super().__init__(timeout=timeout_s, max_retries=None)
        self.catalog = catalog
        self.timeout_s = timeout_s

    def read_json(self, source: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """A JSON object from a path, URL or link, tried several times."""
        if isinstance(source, str) and "://" not in source:
            return self.read_file(Path(source))
        for attempt in retry_context(on=pause_after, attempts=ATTEMPTS, timeout=PATIENCE_S, wait_initial=0.5):
            with attempt:
                text = self.read_text(source, *args, **kwargs)
                return self.object_of(text, source.href if isinstance(source, Link) else source)
        raise AssertionError("stamina tries at least once")

    def read_file(self, path: Path) -> dict[str, Any]:
        """A JSON object from a local file."""
        try:
            return self.object_of(path.read_text(encoding="utf-8", errors="replace"), str(path))
        except OSError as error:
            raise Refused(f"catalog {self.catalog}: {path}: {error.strerror}; correct the catalog's url") from error
        except Unreadable as error:
            raise Refused(str(error)) from error

    def object_of(self, text: str, source: str) -> dict[str, Any]:
        """The JSON object that a text holds."""
        try:
            document = json.loads(text)
        except ValueError as error:
            preview = " ".join(text[:PREVIEW_CHARS].split())
            kind = "HTML" if text.lstrip().startswith("<") else "no JSON"
            raise Unreadable(
                f"catalog {self.catalog}: {bare(source)} is {kind} ({preview!r}) where a STAC document should be; "
                "check the url, and whether a login page or a proxy answers in its place"
            ) from error
        if not isinstance(document, dict):
            raise Unreadable(f"catalog {self.catalog}: {bare(source)} is JSON, but no object")
        return document

    def request(
        self,
        href: str,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        parameters: dict[str, Any] | None = None,
    ) -> str:
        """One HTTP exchange, without retries."""
        method = (method or "GET").upper()
        payload: dict[str, Any] = {"json": parameters} if method == "POST" else {"params": parameters}
        try:
            response = self.session.request(method, href, headers=headers, timeout=self.timeout_s, **payload)
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema) as error:
            raise Refused(f"catalog {self.catalog}: {href!r} is no URL that can be asked ({error})") from error
        except requests.Timeout as error:
            raise Unreachable(
                f"catalog {self.catalog}: {bare(href)} did not answer within {self.timeout_s:g} s"
            ) from error
        except requests.RequestException as error:
            raise Unreachable(
                f"catalog {self.catalog}: {bare(href)} cannot be reached ({root_cause(error)})"
            ) from error
        if response.ok:
            return response.content.decode("utf-8", errors="replace")
        raise self.refusal(response)

    def refusal(self, response: requests.Response) -> Unreachable | Refused:
        """The error that an HTTP status stands for."""
        status = response.status_code
        said = " ".join(response.text[:PREVIEW_CHARS].split())
        message = f"catalog {self.catalog}: {bare(response.url)} answered with {status} ({said or response.reason})"
        if status in BUSY or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Unreachable(message, retry_after(response.headers.get("Retry-After")))
        return Refused(f"{message}; check the catalog's url and the monitor's collections")

    def get_pages(
        self, url: str, method: str | None = None, parameters: dict[str, Any] | None = None
    ) -> Iterator[dict[str, Any]]:
        """Pages of a search, following ``next`` links; every page must be a list of features."""
        page = self.read_json(url, method=method, parameters=parameters)
        while True:
            if not isinstance(page.get("features"), list):
                raise Unreadable(f"catalog {self.catalog}: {bare(url)} answered with a page that lists no features")
            yield page
            following = next_link(page, url)
            if following is None or not page["features"]:
                return
            page = self.read_json(following, parameters=parameters)


def next_link(page: dict[str, Any], url: str) -> Link | None:
    """Where the next page is."""
    links = page.get("links")
    for link in links if isinstance(links, list) else []:
        if isinstance(link, dict) and link.get("rel") == "next" and isinstance(link.get("href"), str):
            return Link.from_dict(link | {"href": urljoin(url, link["href"])})
    return None


def pause_after(error: Exception) -> bool | float:
    """Whether to try again, and after how many seconds where the server says so."""
    if isinstance(error, Unreachable) and error.retry_after_s is not None:
        return error.retry_after_s if error.retry_after_s <= LONGEST_PAUSE_S else False
    return isinstance(error, CatalogUnavailable)


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header (a number or a date) asks for."""
    if header is None:
        return None
    if header.strip().isdigit():
        return float(header)
    try:
        moment = parsedate_to_datetime(header)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def root_cause(error: BaseException) -> str:
    """What the operating system said, without the layers around it."""
    while error.__context__ is not None:
        error = error.__context__
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def bare(url: str) -> str:
    """A URL without its query, which may hold secrets and geometries."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
