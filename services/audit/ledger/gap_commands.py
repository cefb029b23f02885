"""`publish-gap` and `show-gap`: what an operator runs beside a ledger whose tail is lost."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
from pathlib import Path

from services.audit.ledger import checkpoint
from services.audit.ledger.config import LedgerConfig
from services.audit.ledger.domain.gap import REENTER, OpenGap
from services.audit.ledger.domain.keyring import Unreadable
from services.audit.ledger.following import Following
from services.audit.ledger.limits import read as read_limits
from services.audit.ledger.ports import StoreChanged, StoreUnavailable
from services.audit.ledger.publish_gap import GapRefused, PublishGap
from services.audit.ledger.storage.key_wrapping import FileKeyWrapping
from services.audit.ledger.storage.public_log import PublicLog
from services.audit.ledger.storage.store import PostgresStore
from services.runtime import database, process
from services.runtime.clock import SystemClock
from services.runtime.config import ConfigRefused, load, read_secret

COMMANDS = ("publish-gap", "show-gap")
_IS_OPEN, _REFUSED, _EX_CONFIG = 1, 2, 78


def main(command: str, arguments: Sequence[str], *, tell: Callable[[str], None]) -> int:
    """Run a command; return 0 if it did its work (`show-gap`: none is open), 1 if one is open, 2 if it was refused."""
    parser = argparse.ArgumentParser(prog=f"python -m services.audit.ledger {command}", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="file of settings (TOML)")
    if command == "publish-gap":
        parser.add_argument("--through", type=int, required=True, help="newest entry that any caller knows of")
        parser.add_argument("--lost", type=int, help="how many entries that makes, if it asks")
        public = parser.add_mutually_exclusive_group(required=True)
        public.add_argument("--published", type=Path, help="folder of the public log")
        public.add_argument("--nothing-published", action="store_true", help="no checkpoint was ever public")
    said = parser.parse_args(arguments)
    process.harden()
    try:
        config = load(LedgerConfig, said.config)
    except ConfigRefused as refused:
        tell("\n".join(refused.problems))
        return _EX_CONFIG
    engine = database.engine_of(
        config.database_url, pool_size=1, statement_seconds=3600, application_name=f"audit.ledger.{command}"
    )
    store = PostgresStore(engine, lease_seconds=config.lease_seconds)
    following = Following(
        store=store,
        wrapping=FileKeyWrapping(read_secret(config.root_secret), environment=config.environment),
        clock=SystemClock(),
        environment=config.environment,
        limits_digest=None,
        session_seconds=read_limits(config.limits).session_seconds,
    )
    origin = checkpoint.origin_of(config.environment)
    try:
        if command == "show-gap":
            return _show(following, origin, tell)
        publish = PublishGap(
            store=store,
            following=following,
            public_log=PublicLog(said.published) if said.published else None,
        )
        _say(publish(said.through, lost=said.lost), origin, tell)
    except GapRefused as refused:
        tell(f"refused: {refused}")
        return _REFUSED
    except StoreUnavailable:
        tell("refused: the database did not answer, so nobody knows whether it was done: ask show-gap")
        return _REFUSED
    except (StoreChanged, Unreadable, ValueError):
        tell("refused: the database is not as its last transaction left it: ask check-log")
        return _REFUSED
    finally:
        store.step_down()
        engine.dispose()
    return 0


def _show(following: Following, origin: str, tell: Callable[[str], None]) -> int:
    following.catch_up()
    known = following.known
    if known is None:
        tell("there is no log")
        return _REFUSED
    gaps = known.registers.gaps
    for one in gaps.published:
        tell(f"published: entries {one.first} to {one.last}, said by entry {one.index} at {one.at.isoformat()}")
    if gaps.open is None:
        tell("ok: no gap is open")
        return 0
    _say(gaps.open, origin, tell)
    return _IS_OPEN


def _say(found: OpenGap, origin: str, tell: Callable[[str], None]) -> None:
    gap = found.gap
    tell(f"lost: {gap.count} entries, {gap.first} to {gap.last}")
    if gap.kept > gap.first:
        tell(f"public: the leaves of entries {gap.first} to {gap.kept - 1} stand; what they said is lost")
    for name in REENTER:
        said = found.of(name)
        if not said.is_complete:
            tell(f"{name}: has not said all that it knows: python -m services.{name} reenter")
            continue
        where = "of a lost entry" if said.newest >= gap.first else "BEFORE THE GAP: it knows nothing of what is lost"
        tell(f"{name}: {said.count} entered again; its newest receipt is {said.newest}, {where}")
    for kind, party in sorted(found.standings):
        # Whoever writes identity's database chooses its text: no line of ours is written over by it.
        named = ascii(party)[1:-1]
        tell(f"standing: of the {kind} {named}: ask who changed it, and accept nothing that nobody has changed")
    tell(f"gap: {found.name(origin).hex()}")
