"""What a standby does: it reads what the leader writes, so that it can lead at once."""

from __future__ import annotations

from dataclasses import dataclass, field

from services.audit.ledger import checkpoint
from services.audit.ledger.domain import act as acts
from services.audit.ledger.domain.key_row import KeyRow, State
from services.audit.ledger.domain.keyring import Keyring
from services.audit.ledger.domain.registers import Registers
from services.audit.ledger.domain.tree import TILE, Tree
from services.audit.ledger.ports import KeyWrapping, Position, Store, StoreChanged
from services.audit.ledger.tenure import POSITION, SUM, Tenure, enter_limits, opened
from services.runtime.clock import Clock


@dataclass(frozen=True, slots=True)
class _End:
    """Where everything ends, as the last transaction left it."""

    size: int = 0
    states: int = 0
    standing_sum: int = 0
    limits_digest: bytes = b""

    @classmethod
    def read(cls, keyring: Keyring, stored: Position) -> _End:
        """Return what the sealed position says; raises Unreadable."""
        if not stored.sealed:
            return cls()
        size, states, total, limits_digest = POSITION.unpack(keyring.open_position(stored.sealed))
        return cls(size, states, int.from_bytes(total, "big"), limits_digest)


@dataclass(kw_only=True)
class Following:
    """A log that is followed: all of it is read once, then what is new."""

    store: Store
    wrapping: KeyWrapping
    clock: Clock
    environment: str
    limits_digest: bytes | None
    """Of the file of ceilings; None: an operator's command, which leaves them as they are."""
    session_seconds: int
    _known: Tenure | None = field(default=None, init=False)

    @property
    def known(self) -> Tenure | None:
        """What was read; None before there is a log, and while leading."""
        return self._known

    def catch_up(self) -> None:
        """Read what was written since the last time, checked against itself.

        Raises StoreUnavailable; StoreChanged, Unreadable or ValueError if the database is not as its last transaction
        left it: what was known until then is forgotten.
        """
        known, self._known = self._known, None
        with self.store.snapshot():
            if known is None:
                known = self._read()
            else:
                self._read_on(known)
        self._known = known

    def lead(self) -> Tenure:
        """Become the leader, and return all that it must know.

        Raises NotLeading while another leads, and what `catch_up` raises.
        """
        self.store.lead()
        if self._known is None:
            # The first leader of all makes the keys.
            self.store.key_material(self.wrapping, self.clock.now())
        # Nobody else writes now: what is read is the end.
        self.catch_up()
        tenure, self._known = self._known, None
        if tenure is None:
            raise StoreChanged
        unsettled = [
            acts.from_bytes(tenure.keyring.open_act(act_id, sealed), act_id=act_id)
            for act_id, sealed in self.store.pending_acts()
        ]
        tenure.pending = {act.act_id: act.at for act in unsettled if not act.settles_itself}
        tenure.own_unsettled = [act.act_id for act in unsettled if act.settles_itself]
        if self.limits_digest is not None and tenure.limits_digest != self.limits_digest:
            enter_limits(self.store, tenure, self.clock.now(), self.limits_digest)
        return tenure

    def forget(self) -> None:
        """Believe nothing that was read."""
        self._known = None

    def _read(self) -> Tenure | None:
        """Return what is known of the whole log, None before it has keys."""
        store = self.store
        material = store.key_material(self.wrapping, self.clock.now())
        if material is None:
            return None
        keyring = Keyring(environment=self.environment, material=material)
        stored = store.position()
        end = _End.read(keyring, stored)
        if store.size() != end.size:
            raise StoreChanged
        origin, tree = checkpoint.origin_of(self.environment), Tree()
        registers = Registers(keyring, session_seconds=self.session_seconds)
        for one in store.entries(material.month):
            # Every entry, as the checkpoint signs it (`_check`): one that is gone or another, which took something away
            # or published a gap, would give back what it took.
            if one.index != tree.size:
                raise StoreChanged
            registers.apply(opened(keyring, one, origin))
            tree.append(one.leaf)
        _check_tiles(store, tree)
        _load_standings(store, keyring, registers, end.standing_sum)
        tenure = Tenure(
            epoch=stored.epoch,
            keyring=keyring,
            registers=registers,
            tree=tree,
            state_rows=0,
            standing_sum=end.standing_sum,
            limits_digest=end.limits_digest,
            checkpoint=stored.checkpoint,
            pending={},
            own_unsettled=[],
            verifier_key=checkpoint.verifier_key(
                checkpoint.origin_of(self.environment), keyring.checkpoint_key.public_key()
            ),
            decoy=keyring.seal_row(b"decoy", KeyRow(number=0, root_key=bytes(32), state=State.VOID, authority="")),
        )
        _read_states(store, tenure, end.states)
        registers.own.forget_all_but(act_id for act_id, _ in store.pending_acts())
        _check(tenure, stored, end)
        return tenure

    def _read_on(self, known: Tenure) -> None:
        store = self.store
        stored = store.position()
        end = _End.read(known.keyring, stored)
        known.epoch, known.checkpoint = stored.epoch, stored.checkpoint
        if end.size != known.tree.size:
            # First the states: the entry that settles an act ends what a state announced of it.
            _read_states(store, known, end.states)
            for one in store.entries(known.keyring.month, known.tree.size):
                if one.index != known.tree.size:
                    raise StoreChanged
                known.take_in(one)
        _check(known, stored, end)


def _check(known: Tenure, stored: Position, end: _End) -> None:
    """Raise StoreChanged unless what was read is what the last transaction sealed and signed."""
    found = _End(known.tree.size, known.state_rows, known.standing_sum, known.limits_digest)
    if found != end:
        raise StoreChanged
    public = known.keyring.checkpoint_key.public_key()
    if end.size and checkpoint.read(stored.checkpoint, known.origin, public) != (end.size, known.tree.root()):
        raise StoreChanged


def _check_tiles(store: Store, tree: Tree) -> None:
    """Raise StoreChanged unless the tiles that are kept are those of the leaves."""
    tiles = store.tiles()
    whole = len(tiles) * TILE
    kept = Tree.of(tiles, store.leaves(whole, tree.size))
    if len(tiles) != tree.size // TILE or kept.root() != tree.root():
        raise StoreChanged


def _load_standings(store: Store, keyring: Keyring, registers: Registers, total: int) -> None:
    """Take in every party's row; what the month's entries say of a party must be what its row says."""
    newest = registers.standings
    loaded: dict[tuple[str, str], bytes] = {}
    for tag, sealed in store.standings():
        kind, party, digest = keyring.open_standing(tag, sealed).split(b"\0", 2)
        loaded[(kind.decode(), party.decode())] = digest
    found = sum(keyring.standing_share(kind, party, digest) for (kind, party), digest in loaded.items()) % SUM
    if found != total or any(loaded.get(party) != digest for party, digest in newest.items()):
        raise StoreChanged
    registers.standings = loaded


def _read_states(store: Store, known: Tenure, rows: int) -> None:
    """Take in the log of states from where it was read to."""
    for seq, sealed in store.states(known.state_rows):
        if seq != known.state_rows:
            raise StoreChanged
        known.state_rows += 1
        known.registers.take(known.keyring.open_state(seq, sealed))
    if known.state_rows != rows:
        raise StoreChanged
