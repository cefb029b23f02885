"""How alembic is run here: on the connection that `services.runtime.database.migrate` gives it."""

from alembic import context

from services.audit.ledger.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
