"""Pages of long lists by keyset: the next page starts after the last row of this one, wherever that is by now."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Self, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_

from monitor.errors import QueryError
from monitor.store.tables import UtcDateTime

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the cursor of the page after them; None on the last page."""

    rows: tuple[Row, ...]
    next: str | None


@dataclass(frozen=True)
class Cursor:
    """The sort values of the last row of a page, in the list's order; as text it fits into a URL."""

    order: str
    values: tuple[Any, ...]

    def __str__(self) -> str:
        plain = [value.isoformat() if isinstance(value, datetime) else value for value in self.values]
        return base64.urlsafe_b64encode(json.dumps([self.order, *plain]).encode()).decode().rstrip("=")

    @classmethod
    def parse(cls, text: str, order: str, columns: Sequence[Any]) -> Self:
        """The inverse, for these sort columns; raises QueryError for anything that `str` did not give."""
        try:
            found, *values = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
            if found == order:
                return cls(order, tuple(typed(value, column) for value, column in zip(values, columns, strict=True)))
        except (ValueError, TypeError, OverflowError):
            raise QueryError("the cursor is not one that a page gave; start again without one") from None
        raise QueryError(f"the cursor is of a list in another order than by {order}; start again without one")


def typed(value: Any, column: Any) -> Any:
    """A value as its column has it; raises ValueError or TypeError for one that it cannot have."""
    if isinstance(column.type, UtcDateTime):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError(value)
        return moment
    kind: type[Any] = column.type.python_type
    if isinstance(value, bool) or not isinstance(value, int | float | str) or kind(value) != value:
        raise ValueError(value)
    return kind(value)


def ordered(query: Select[Any], columns: Sequence[Any]) -> Select[Any]:
    """The query with all columns descending."""
    return query.order_by(*(column.desc() for column in columns))


def after(columns: Sequence[Any], cursor: Cursor) -> ColumnElement[bool]:
    """What comes after a cursor where all columns descend."""
    return tuple_(*columns) < tuple_(*cursor.values)
