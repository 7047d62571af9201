"""`monitor tokens`: who may use the server over the network."""

from dataclasses import asdict
from datetime import timedelta
from enum import StrEnum
from typing import Annotated

import typer

from monitor.cli.context import of
from monitor.cli.output import Format, err, out, show_rows
from monitor.store import access

app = typer.Typer(help="Access tokens of people and programs.", no_args_is_help=True)

COLUMNS = ("id", "name", "role", "created_at", "expires_at", "revoked_at")


class RoleName(StrEnum):
    """What the holder may do; each includes those before it."""

    VIEWER = "viewer"
    REVIEWER = "reviewer"
    ADMIN = "admin"


@app.command()
def create(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="Whose it is: the author of what is changed with it.")],
    role: Annotated[RoleName, typer.Option(help="Look; review alerts; or run everything.")] = RoleName.VIEWER,
    days: Annotated[int | None, typer.Option(min=1, max=36500, help="Valid for so long; default: for ever.")] = None,
) -> None:
    """Make a token and print it, this once: only its hash is kept."""
    with of(context).writable_store.session() as session:
        secret = access.create_token(session, name, role, timedelta(days=days) if days else None)
    err.print(f"a {role} token for {name}; keep it like a password, it is not shown again", highlight=False)
    out.print(secret, soft_wrap=True, highlight=False)


@app.command("list")
def list_command(context: typer.Context, form: Annotated[Format, typer.Option("--format")] = Format.TABLE) -> None:
    """List the tokens, without their text."""
    with of(context).store.session(read_only=True) as session:
        rows = [asdict(row) for row in access.list_tokens(session)]
    show_rows(rows, COLUMNS, form, "no token yet; `monitor tokens create NAME` makes one")


@app.command()
def revoke(context: typer.Context, number: Annotated[int, typer.Argument(metavar="ID", help="Its id.")]) -> None:
    """Let nobody in with that token any more."""
    with of(context).store.session() as session:
        row = access.revoke_token(session, number)
    out.print(f"token {row.id} of {row.name} is revoked", highlight=False)
