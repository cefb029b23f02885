"""The tables of records, providers and acts; the log that feeds the index has its own."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import BYTEA, UUID

metadata = sa.MetaData()

record = sa.Table(
    "record",
    metadata,
    sa.Column("record_tag", BYTEA, primary_key=True),
    sa.Column("container", BYTEA, nullable=False),
)

act = sa.Table(
    "act",
    metadata,
    sa.Column("act_id", BYTEA, primary_key=True),
    sa.Column("outcome", sa.SmallInteger, nullable=False),
)

provider = sa.Table(
    "provider",
    metadata,
    sa.Column("provider_id", UUID(as_uuid=True), primary_key=True),
    sa.Column("change", sa.BigInteger, nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("kind", sa.SmallInteger, nullable=False),
    sa.Column("telephone", sa.Text, nullable=False),
    sa.Column("telephone_out_of_hours", sa.Text, nullable=False),
    sa.Column("email", sa.Text, nullable=False),
    sa.Column("authority", sa.Text, nullable=False),
    sa.Column("urn", sa.Text),
    sa.Column("ods_code", sa.Text),
    sa.Column("organisation_id", UUID(as_uuid=True)),
)

newest_receipt = sa.Table(
    "newest_receipt",
    metadata,
    sa.Column("id", sa.SmallInteger, primary_key=True),
    sa.Column("receipt_index", sa.BigInteger, nullable=False),
)

provider_change = sa.Sequence("provider_change", metadata=metadata)
