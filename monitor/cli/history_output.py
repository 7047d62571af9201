"""Rows of the history on the terminal, or in a file for other programs."""

import contextlib
import io
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from monitor.cli.output import Format, Row, err, plain, show_rows
from monitor.errors import ConfigError
from monitor.history.extra import require


class HistoryFormat(StrEnum):
    """How rows are given."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    PARQUET = "parquet"


FormatOption = Annotated[HistoryFormat, typer.Option("--format", help="Parquet needs --output.")]
OutputOption = Annotated[
    Path | None, typer.Option("--output", "-o", help="File; default: the terminal.", dir_okay=False)
]
DATES = ["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]
SinceOption = Annotated[datetime | None, typer.Option(formats=DATES, help="At or after (UTC).")]
UntilOption = Annotated[datetime | None, typer.Option(formats=DATES, help="Before (UTC).")]


def utc(moment: datetime | None) -> datetime | None:
    """A time of the command line, which is UTC."""
    return None if moment is None else moment.replace(tzinfo=UTC)


def give(
    rows: Sequence[Row],
    columns: Sequence[str],
    form: HistoryFormat,
    output: Path | None,
    empty: str,
    table: Sequence[str] | None = None,
) -> None:
    """Print rows or write them; `columns` are those of the files, `table` those of the terminal's table.

    Raises ConfigError where a file cannot be written, or parquet has no file to go to.
    """
    if form is HistoryFormat.PARQUET:
        if output is None:
            raise ConfigError("parquet is no text; say which file with --output FILE.parquet")
        write_parquet(rows, columns, output)
        return
    shown = table if table is not None and form is HistoryFormat.TABLE else columns
    if output is None:
        show_rows(rows, shown, Format(form), empty)
        return
    if form is HistoryFormat.TABLE:
        raise ConfigError("a table is for the terminal; add --format json, csv or parquet to --output")
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        show_rows(rows, shown, Format(form), empty)
    write_bytes(output, text.getvalue().encode())
    err.print(f"{len(rows)} rows in {output}", soft_wrap=True)


def write_parquet(rows: Sequence[Row], columns: Sequence[str], path: Path) -> None:
    """Rows as a Parquet file; times keep their zone, lists become text."""
    arrow, parquet = require("pyarrow", "a Parquet file"), require("pyarrow.parquet", "a Parquet file")
    table = arrow.table({name: [cell(row[name]) for row in rows] for name in columns})
    content = io.BytesIO()
    parquet.write_table(table, content)
    write_bytes(path, content.getvalue())
    err.print(f"{len(rows)} rows in {path}", soft_wrap=True)


def cell(value: Any) -> Any:
    """A value as Arrow takes it."""
    if isinstance(value, StrEnum):
        return str(value)
    return value if isinstance(value, datetime) else plain(value)


def write_bytes(path: Path, content: bytes) -> None:
    """A file, whole or not at all; raises ConfigError if it cannot be written."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.partial")
        part.write_bytes(content)
        part.replace(path)
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from error
