"""Shielding's tables."""

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

metadata = sa.MetaData()

shield_case = sa.Table(
    "shield_case",
    metadata,
    sa.Column("case_id", postgresql.UUID(as_uuid=True), primary_key=True),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("ground", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("opened_by", postgresql.UUID(as_uuid=True), nullable=False),
    sa.Column("first_officer", postgresql.UUID(as_uuid=True)),
    sa.Column("second_officer", postgresql.UUID(as_uuid=True)),
    sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
    # The child's number, with the case's id bound in.
    sa.Column("sealed_number", sa.LargeBinary, nullable=False),
)

recovered_case = sa.Table(
    "recovered_case",
    metadata,
    # Made anew after a restore: `ground` of the case says what the release before can read, and is not known.
    sa.Column("case_id", postgresql.UUID(as_uuid=True), primary_key=True),
)

pending_step = sa.Table(
    "pending_step",
    metadata,
    # One step a case at a time: a second one meets this key.
    sa.Column("case_id", postgresql.UUID(as_uuid=True), primary_key=True),
    sa.Column("act_name", postgresql.UUID(as_uuid=True), nullable=False),
    # When it was begun or last tried.
    sa.Column("tried_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
    # The step, the act and the token that began it.
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

settled_act = sa.Table(
    "settled_act",
    metadata,
    sa.Column("act_name", postgresql.UUID(as_uuid=True), primary_key=True),
    # SHA-256 of the request's bytes.
    sa.Column("digest", sa.LargeBinary, nullable=False),
    # Sealed: the entry's index beside a case would lead from the case to the child's tag in the log.
    sa.Column("sealed_receipt", sa.LargeBinary, nullable=False),
    sa.Column("is_reading", sa.Boolean, nullable=False),
    sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.func.clock_timestamp()),
)

newest_receipt = sa.Table(
    "newest_receipt",
    metadata,
    sa.Column("only_row", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("index", sa.BigInteger, nullable=False),
)
