"""Rows as a table for people, or as JSON or CSV for programs."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

UNLIMITED = 200
"""Columns of a table that goes into a file or a pipe."""

out = Console(width=None if sys.stdout.isatty() else UNLIMITED)
err = Console(stderr=True)


class Format(StrEnum):
    """How rows are printed."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"


Row = Mapping[str, Any]

WIDE = 24
"""Characters; texts longer than this may be wrapped, the narrow columns keep their width."""


def show_rows(rows: Sequence[Row], columns: Sequence[str], form: Format, empty: str) -> None:
    """Print rows; `columns` are those of the table and the CSV, JSON has every key. `empty` is said of no rows."""
    if form is Format.JSON:
        show_json(rows)
    elif form is Format.CSV:
        writer = csv.writer(sys.stdout)
        writer.writerow(columns)
        writer.writerows([plain(row[column]) for column in columns] for row in rows)
    elif rows:
        out.print(table(rows, columns))
    else:
        err.print(empty)


def table(rows: Sequence[Row], columns: Sequence[str]) -> Table:
    """Rows as a table; numbers stand to the right."""
    made = Table(header_style="bold", box=SIMPLE_HEAD, pad_edge=False)
    for column in columns:
        numeric = all(isinstance(row[column], int | float | None) for row in rows)
        wide = any(len(readable(row[column])) > WIDE for row in rows)
        made.add_column(
            column.replace("_", " "),
            justify="right" if numeric else "left",
            overflow="fold",
            min_width=WIDE if wide else None,
        )
    for row in rows:
        made.add_row(*(readable(row[column]) for column in columns))
    return made


def show_json(value: object) -> None:
    """Print JSON, undisturbed by the width of the terminal."""
    sys.stdout.write(json.dumps(value, indent=1, default=plain, allow_nan=False) + "\n")


def plain(value: Any) -> Any:
    """A value as JSON and CSV write it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return " ".join(str(part) for part in value)
    return value


def readable(value: Any) -> str:
    """A value as a person reads it."""
    if value is None:
        return "-"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d}"
    if isinstance(value, float):
        return f"{value:,.3g}" if abs(value) < 1000 else f"{value:,.0f}"
    return str(plain(value))


def progress() -> Progress:
    """A progress bar on standard error, which leaves nothing behind."""
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=err,
        transient=True,
    )
