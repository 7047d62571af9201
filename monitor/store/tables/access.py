"""Who may use the server: tokens, and log-ins with them."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from monitor.store.tables.base import Base


class AccessToken(Base):
    """A secret that somebody holds, as its SHA-256; `name` is the author of what is changed with it."""

    __tablename__ = "access_tokens"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(255))
    role: Mapped[str] = mapped_column(String(16))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class WebSession(Base):
    """A log-in of a browser with a token; `sha256` is of the cookie."""

    __tablename__ = "web_sessions"
    __table_args__ = (Index(None, "token_id"), Index(None, "expires_at"))

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    token_id: Mapped[int] = mapped_column(ForeignKey("access_tokens.id", ondelete="CASCADE"))
    expires_at: Mapped[datetime]
