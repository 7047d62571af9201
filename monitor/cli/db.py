"""`monitor db`: the schema of the database."""

import typer

from monitor.cli.context import of
from monitor.cli.output import out

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


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
