"""The review's tables."""

import sqlalchemy as sa

metadata = sa.MetaData()

newest_receipt = sa.Table(
    "newest_receipt",
    metadata,
    sa.Column("only_row", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("index", sa.BigInteger, nullable=False),
)

published_log = sa.Table(
    "published_log",
    metadata,
    sa.Column("only_row", sa.Boolean, primary_key=True, server_default=sa.true()),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
    sa.Column("verifier_key", sa.Text, nullable=False),
)
