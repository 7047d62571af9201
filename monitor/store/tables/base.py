"""What all tables have in common: names of constraints, UTC, plain JSON."""

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import orjson
from sqlalchemy import JSON, DateTime, Dialect, Double, Enum, MetaData
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, TypeEngine

from monitor.detection.result import Outline


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
    """JSON of plain types on both databases (the engines write it with `dump`); None is SQL's NULL."""

    impl = JSON(none_as_null=True)
    cache_ok = True


def dump(value: Any) -> str:
    """JSON text: lists for tuples and arrays, Python numbers for NumPy's, null for NaN and infinity."""
    return orjson.dumps(value, default=unpacked, option=orjson.OPT_NON_STR_KEYS).decode()


def unpacked(value: Any) -> Any:
    """Outlines, arrays, NumPy's numbers and mappings that are no dict, as JSON's types; TypeError for anything else."""
    if isinstance(value, Outline):  # by way of lists the clouds of a full scene take seconds
        return orjson.Fragment(orjson.dumps(value.__geo_interface__, option=orjson.OPT_SERIALIZE_NUMPY))
    if isinstance(value, Mapping):
        return dict(value)
    if hasattr(value, "tolist"):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is nothing that JSON knows")


def plain(value: Any) -> Any:
    """The value as JSON gives it back."""
    return orjson.loads(dump(value))


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
