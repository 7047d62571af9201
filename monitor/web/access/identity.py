"""Who asks: by a token, by a log-in, by what a trusted proxy says, or because only this machine can ask."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address

from starlette.requests import HTTPConnection

from monitor.config import ProxySettings, Settings
from monitor.errors import Forbidden, LoginRequired
from monitor.store import Store, access
from monitor.store.access import TokenRow
from monitor.web.access.users import LOCAL, Role, User

COOKIE = "monitor_session"


@dataclass(frozen=True)
class Identified:
    """Who asks; `by_browser` when a browser would say so by itself, for whatever page made it ask."""

    user: User
    by_browser: bool


def is_loopback(host: str) -> bool:
    """Whether a name or address is this machine's own."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() in ("localhost", "localhost.localdomain")


def is_open(settings: Settings) -> bool:
    """Whether nobody has to log in: on a loopback address, unless the configuration says otherwise."""
    auth = settings.web.auth
    return is_loopback(settings.web.host) and not auth.always and auth.proxy is None


def identify(connection: HTTPConnection, settings: Settings, store: Store) -> Identified:
    """Who asks; raises LoginRequired, or Forbidden for somebody whom the proxy knows and who has no role."""
    if is_open(settings):
        return Identified(LOCAL, by_browser=True)
    secret, by_browser = token_of(connection.headers)
    if secret:
        with store.session(read_only=True) as session:
            return Identified(user_of(access.find_token(session, secret)), by_browser)
    if cookie := connection.cookies.get(COOKIE):
        with store.session(read_only=True) as session:
            return Identified(user_of(access.find_login(session, cookie)), by_browser=True)
    proxy = settings.web.auth.proxy
    if proxy is not None and is_from(connection, proxy) and connection.headers.get(proxy.user_header):
        return Identified(user_by_proxy(connection.headers, proxy), by_browser=True)
    raise LoginRequired("log in at /login, or send a token: `Authorization: Bearer TOKEN` (`monitor tokens create`)")


def token_of(headers: Mapping[str, str]) -> tuple[str, bool]:
    """The token of an Authorization header, and whether browsers send it by themselves (Basic, as QGIS does)."""
    scheme, _, value = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return value.strip(), False
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value, validate=True).decode().partition(":")[2], True
        except (binascii.Error, UnicodeDecodeError):
            return "", True
    return "", True


def user_of(token: TokenRow | None) -> User:
    """The holder of a token; LoginRequired when there is none."""
    if token is None:
        raise LoginRequired("this token or log-in lets nobody in: it is unknown, over or revoked; log in at /login")
    return User(token.name, Role[token.role.upper()])


def is_from(connection: HTTPConnection, proxy: ProxySettings) -> bool:
    """Whether the proxy itself speaks."""
    if connection.client is None:
        return False
    try:
        address = ip_address(connection.client.host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in proxy.addresses)


def user_by_proxy(headers: Mapping[str, str], proxy: ProxySettings) -> User:
    """Whom the proxy names, with the highest role that the configuration gives them or one of their groups."""
    name = headers[proxy.user_header]
    groups = {group.strip() for group in headers.get(proxy.groups_header, "").split(",")}
    wanted = {name, "*", *groups} - {""}
    for role in sorted(Role, reverse=True):
        if wanted & set(getattr(proxy.roles, role.label)):
            return User(name[:255], role)
    raise Forbidden(f"{name} has no role here; an admin adds names or groups under `web.auth.proxy.roles`")
