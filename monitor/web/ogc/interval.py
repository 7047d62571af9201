"""The `datetime` parameter: a moment, or an interval that may be open at either end."""

from datetime import UTC, datetime, timedelta

from monitor.errors import RequestError

INSTANT = timedelta(microseconds=1)
OPEN = ("", "..")


def interval(text: str | None) -> tuple[datetime | None, datetime | None]:
    """From (inclusive) and until (exclusive), None for an open end; RequestError for what is neither."""
    if text is None:
        return None, None
    first, slash, last = text.partition("/")
    if not slash:
        start = moment(text)
        return start, after(start)
    begin = None if first in OPEN else moment(first)
    end = None if last in OPEN else moment(last)
    if begin is not None and end is not None and begin > end:
        raise RequestError(f"datetime {text!r} ends before it begins")
    return begin, None if end is None else after(end)


def moment(text: str) -> datetime:
    """An RFC 3339 moment (a day is its start), UTC without a zone."""
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise RequestError(
            f"datetime {text!r} is neither a moment such as 2024-06-01T00:00:00Z nor an interval of two, "
            "of which one may be `..`"
        ) from None


def after(last: datetime) -> datetime | None:
    """The first moment that is later."""
    return None if datetime.max.replace(tzinfo=UTC) - last < INSTANT else last + INSTANT
