"""The tables. In the clear are positions, times, months and tags; all else is sealed, in rows of fixed sizes."""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()

writer = sa.Table(
    "writer",
    metadata,
    sa.Column("id", sa.SmallInteger, sa.CheckConstraint("id = 1"), primary_key=True),
    sa.Column("epoch", sa.BigInteger, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
    sa.Column("checkpoint", sa.Text, nullable=False),
    sa.Column("lease_epoch", sa.BigInteger),
    sa.Column("renewed_at", sa.DateTime(timezone=True)),
    sa.Column("is_locked", sa.Boolean, nullable=False, server_default=sa.false()),
)
"""One row: who leads, until when, and where everything ends."""

wrapped_key = sa.Table(
    "wrapped_key",
    metadata,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("month", sa.Integer, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
)
"""Keys under the root secret: the month's, and those that outlive months (month 0)."""

entry = sa.Table(
    "entry",
    metadata,
    sa.Column("index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("month", sa.Integer, nullable=False),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

tag = sa.Table(
    "tag",
    metadata,
    sa.Column("tag", sa.LargeBinary, primary_key=True),
    sa.Column("index", sa.BigInteger, nullable=False),
)
"""How an entry is found: no two tags are alike, so equal subjects do not show."""

tile = sa.Table(
    "tile",
    metadata,
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("root", sa.LargeBinary, nullable=False),
)
"""The root over each complete tile of 256 leaves: what a start need not compute again."""

spent = sa.Table(
    "spent",
    metadata,
    sa.Column("jti", sa.Uuid, primary_key=True),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
)
"""Tokens used: the second use breaks the constraint whatever memory says. Emptied of those long out of time."""

standing = sa.Table(
    "standing",
    metadata,
    sa.Column("party_tag", sa.LargeBinary, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

act = sa.Table(
    "act",
    metadata,
    sa.Column("act_id", sa.LargeBinary, primary_key=True),
    sa.Column("index", sa.BigInteger, nullable=False),
    sa.Column("at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("is_pending", sa.Boolean, nullable=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

child_key = sa.Table(
    "child_key",
    metadata,
    sa.Column("month", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("child_tag", sa.LargeBinary, primary_key=True),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)

state_log = sa.Table(
    "state_log",
    metadata,
    sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("sealed", sa.LargeBinary, nullable=False),
)
"""Which records are limited, among as many rows that say nothing."""

APPEND_ONLY = ("entry", "tag", "tile", "state_log", "wrapped_key")
NEVER_DELETED = ("child_key", "standing", "act")
SEALED = {
    "entry": "sealed",
    "child_key": "sealed",
    "act": "sealed",
    "standing": "sealed",
    "state_log": "sealed",
    "wrapped_key": "wrapped",
    "writer": "sealed",
}
"""Columns of ciphertext: compressing them is wasted, and beside what an attacker chooses it would tell."""
