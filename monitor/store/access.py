"""Tokens and log-ins. Only the SHA-256 of a secret is kept: it has 256 random bits, which nobody guesses."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Select, delete, or_, select, update
from sqlalchemy.orm import Session

from monitor.errors import NotFoundError, RequestError
from monitor.store.tables import AccessToken, WebSession
from monitor.store.tracking import SYSTEM

ROLES = ("viewer", "reviewer", "admin")
PREFIX = "lm_"
"""Tokens begin with it, so that a leaked one is recognised for what it is."""
NAME = re.compile(r"[\w.@+-][\w.@+ -]{0,99}")
RESERVED = (SYSTEM, "local")


@dataclass(frozen=True)
class TokenRow:
    """A token without its secret."""

    id: int
    name: str
    role: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


def create_token(
    session: Session, name: str, role: str, lifetime: timedelta | None = None, *, now: datetime | None = None
) -> str:
    """A new token for that author; its text, which cannot be had again. RequestError for a name that cannot be."""
    if role not in ROLES:
        raise RequestError(f"{role!r} is no role; there are {', '.join(ROLES)}")
    if not NAME.fullmatch(name) or name in RESERVED:
        raise RequestError(
            f"{name!r} cannot be a name: letters, digits, spaces and . @ + - _ can, but not {' or '.join(RESERVED)}"
        )
    moment, secret = now or datetime.now(UTC), PREFIX + secrets.token_urlsafe(32)
    expires = None if lifetime is None else moment + lifetime
    session.add(AccessToken(name=name, role=role, sha256=digest(secret), created_at=moment, expires_at=expires))
    session.flush()
    return secret


def list_tokens(session: Session) -> list[TokenRow]:
    """All tokens, the revoked ones too, in the order they were made."""
    return [TokenRow(*row) for row in session.execute(select_tokens().order_by(AccessToken.id))]


def revoke_token(session: Session, token_id: int, *, now: datetime | None = None) -> TokenRow:
    """Let nobody in with it any more, browsers that logged in with it included; NotFoundError if there is none."""
    this = AccessToken.id == token_id
    row = session.execute(select_tokens().where(this)).one_or_none()
    if row is None:
        raise NotFoundError(f"no token {token_id}; `monitor tokens list` shows what there is")
    session.execute(update(AccessToken).where(this, AccessToken.revoked_at.is_(None)).values(revoked_at=now or utc()))
    session.execute(delete(WebSession).where(WebSession.token_id == token_id))
    return TokenRow(*row)


def has_tokens(session: Session, *, now: datetime | None = None) -> bool:
    """Whether there is a token that lets somebody in."""
    return session.execute(select_tokens().where(*valid(now or utc())).limit(1)).first() is not None


def find_token(session: Session, secret: str, *, now: datetime | None = None) -> TokenRow | None:
    """The token with that text, None when it lets nobody in."""
    this = AccessToken.sha256 == digest(secret)
    row = session.execute(select_tokens().where(this, *valid(now or utc()))).one_or_none()
    return None if row is None else TokenRow(*row)


def log_in(session: Session, token_id: int, lifetime: timedelta, *, now: datetime | None = None) -> str:
    """Begin a log-in with a token; the text of its cookie. Log-ins that are over are removed."""
    moment, secret = now or utc(), secrets.token_urlsafe(32)
    session.execute(delete(WebSession).where(WebSession.expires_at <= moment))
    session.add(WebSession(sha256=digest(secret), token_id=token_id, expires_at=moment + lifetime))
    session.flush()
    return secret


def find_login(session: Session, secret: str, *, now: datetime | None = None) -> TokenRow | None:
    """The token of a log-in, None when that is over or the token lets nobody in any more."""
    moment = now or utc()
    query = select_tokens().join(WebSession, WebSession.token_id == AccessToken.id)
    this = (WebSession.sha256 == digest(secret), WebSession.expires_at > moment)
    row = session.execute(query.where(*this, *valid(moment))).one_or_none()
    return None if row is None else TokenRow(*row)


def log_out(session: Session, secret: str) -> None:
    """End a log-in, if there is one."""
    session.execute(delete(WebSession).where(WebSession.sha256 == digest(secret)))


def select_tokens() -> Select[Any]:
    """Every column of a TokenRow."""
    columns = [column for column in AccessToken.__table__.columns if column.key != "sha256"]
    return select(*columns)


def valid(now: datetime) -> tuple[Any, ...]:
    """Conditions under which a token lets somebody in."""
    running = or_(AccessToken.expires_at.is_(None), AccessToken.expires_at > now)
    return AccessToken.revoked_at.is_(None), running


def digest(secret: str) -> str:
    """SHA-256 of a secret, hexadecimal."""
    return hashlib.sha256(secret.encode()).hexdigest()


def utc() -> datetime:
    """Now."""
    return datetime.now(UTC)
