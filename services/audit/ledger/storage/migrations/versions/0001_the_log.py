"""The log, its keys and its registers, and what the serving role may do with each."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

SERVE = "audit_ledger_serve"


def upgrade() -> None:
    """Make the tables; nothing of the log can be changed or removed afterwards, not even by their owner by mistake."""
    _make_tables()
    for table, column in {
        "entry": "sealed",
        "child_key": "sealed",
        "act": "sealed",
        "standing": "sealed",
        "state_log": "sealed",
        "wrapped_key": "wrapped",
        "writer": "sealed",
    }.items():
        op.execute(f"ALTER TABLE {table} ALTER COLUMN {column} SET STORAGE EXTERNAL")
    op.execute("CREATE INDEX act_pending ON act (at) WHERE is_pending")
    op.execute("CREATE INDEX spent_at ON spent (at)")
    op.execute("INSERT INTO writer (id, epoch, sealed, checkpoint) VALUES (1, 0, '', '')")
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'append only' USING ERRCODE = 'insufficient_privilege'; END $$"
    )
    for table in ("entry", "tag", "tile", "state_log", "wrapped_key"):
        op.execute(
            f"CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"GRANT SELECT, INSERT ON {table} TO {SERVE}")
    for table in ("child_key", "standing", "act"):
        op.execute(
            f"CREATE TRIGGER never_deleted BEFORE DELETE OR TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
        op.execute(f"GRANT SELECT, INSERT, UPDATE ON {table} TO {SERVE}")
    op.execute(f"GRANT SELECT, INSERT, DELETE ON spent TO {SERVE}")
    op.execute(f"GRANT SELECT, UPDATE ON writer TO {SERVE}")


def _make_tables() -> None:
    big, sealed = sa.BigInteger(), sa.LargeBinary()
    op.create_table(
        "writer",
        sa.Column("id", sa.SmallInteger(), sa.CheckConstraint("id = 1"), primary_key=True),
        sa.Column("epoch", big, nullable=False),
        sa.Column("sealed", sealed, nullable=False),
        sa.Column("checkpoint", sa.Text(), nullable=False),
    )
    op.create_table(
        "wrapped_key",
        sa.Column("name", sa.Text(), primary_key=True),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("wrapped", sealed, nullable=False),
    )
    op.create_table(
        "entry",
        sa.Column("index", big, primary_key=True, autoincrement=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("leaf", sealed, nullable=False),
        sa.Column("sealed", sealed, nullable=False),
    )
    op.create_table("tag", sa.Column("tag", sealed, primary_key=True), sa.Column("index", big, nullable=False))
    op.create_table(
        "tile",
        sa.Column("number", big, primary_key=True, autoincrement=False),
        sa.Column("root", sealed, nullable=False),
    )
    op.create_table(
        "spent",
        sa.Column("jti", sa.Uuid(), primary_key=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "standing", sa.Column("party_tag", sealed, primary_key=True), sa.Column("sealed", sealed, nullable=False)
    )
    op.create_table(
        "act",
        sa.Column("act_id", sealed, primary_key=True),
        sa.Column("index", big, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_pending", sa.Boolean(), nullable=False),
        sa.Column("sealed", sealed, nullable=False),
    )
    op.create_table(
        "child_key",
        sa.Column("month", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("child_tag", sealed, primary_key=True),
        sa.Column("sealed", sealed, nullable=False),
    )
    op.create_table(
        "state_log",
        sa.Column("seq", big, primary_key=True, autoincrement=False),
        sa.Column("sealed", sealed, nullable=False),
    )
