"""Alembic runs this for every command; `monitor db upgrade` hands it an open connection."""

from alembic import context
from sqlalchemy import Connection

from monitor.store import open_store
from monitor.store.tables import Base


def migrate(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        user_module_prefix="tables.",
    )
    with context.begin_transaction():
        context.run_migrations()


connection = context.config.attributes.get("connection")
if connection is not None:
    migrate(connection)
else:
    store = open_store(context.get_x_argument(as_dictionary=True)["database"])
    with store.writer.begin() as opened:
        migrate(opened)
