"""What all tables have in common: names of constraints, UTC, plain JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from math import isfinite
from typing import Any

from sqlalchemy import JSON, DateTime, Dialect, Double, Enum, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine


class UtcDateTime(TypeDecorator[datetime]):
    """A moment. Only aware datetimes go in, they are kept in UTC, and aware ones in UTC come out."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """In UTC; without its zone for SQLite, which has no type for one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value.isoformat()} has no time zone")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class PlainJson(TypeDecorator[Any]):
    """JSON of plain types on both databases; None is SQL's NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """As `plain`."""
        return plain(value)


def plain(value: Any) -> Any:
    """The value as JSON gives it back: lists for tuples, Python numbers for NumPy's, None for NaN and infinity."""
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        if len(value) == 2 and type(value[0]) is float and type(value[1]) is float:
            return [part if isfinite(part) else None for part in value]
        return [plain(part) for part in value]
    if hasattr(value, "tolist"):
        return plain(value.tolist())
    if isinstance(value, float):
        return float(value) if isfinite(value) else None
    return value


def choice(kind: type[StrEnum]) -> TypeEngine[Any]:
    """A column that holds the values of a StrEnum as text."""
    return Enum(kind, native_enum=False, length=16, values_callable=lambda members: [str(m) for m in members])


class Base(DeclarativeBase):
    """Root of all tables. Every constraint has a name, without which SQLite cannot be migrated."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012
        datetime: UtcDateTime,
        float: Double,
        dict[str, Any]: PlainJson,
        list[Any]: PlainJson,
    }
