"""`monitor db`: the schema of the database, and keeping it small and safe."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from monitor.cli.context import of
from monitor.cli.output import out
from monitor.store.backup import backup as copy_of
from monitor.store.retention import prune as remove_old

app = typer.Typer(help="The database: schema, retention, backup.", no_args_is_help=True)


@app.command()
def upgrade(context: typer.Context) -> None:
    """Bring the database to this version's schema."""
    store = of(context).bare_store
    store.upgrade()
    out.print(f"schema revision {store.current()}")


@app.command()
def current(context: typer.Context) -> None:
    """Print the schema's revision."""
    out.print(of(context).bare_store.current() or "no tables yet")


@app.command()
def prune(
    context: typer.Context,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be removed.")] = False,
) -> None:
    """Remove what `retention` in the configuration does not keep."""
    with of(context).store.session(read_only=dry_run) as session:
        pruned = remove_old(session, of(context).settings.retention, datetime.now(UTC), dry_run=dry_run)
    verb = "would be removed" if dry_run else "removed"
    for name, count in asdict(pruned).items():
        out.print(f"{name.replace('_', ' ')}: {count} {verb}")


@app.command()
def backup(
    context: typer.Context,
    target: Annotated[Path, typer.Argument(metavar="FILE", help="A new file.", dir_okay=False)],
) -> None:
    """Copy an SQLite database while it is in use."""
    copy_of(of(context).store, target)
    out.print(f"{target} written", soft_wrap=True)
