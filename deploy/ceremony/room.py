"""What happens in the room: custodians come to the screen one by one, and nobody sees another's words."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence

from deploy.ceremony.escrow import CeremonyRefused, check_share

_COLUMNS = 3
_WORDS_ASKED = 3
_CLEAR = "\x1b[2J\x1b[3J\x1b[H"
"""ECMA-48: erase the screen, its scroll-back, and go to its beginning."""


def hand_out(shares: Sequence[str], *, needed: int, environment: str) -> None:
    """Show each custodian one share, and go on only when three of its words were read back from the card."""
    for number, share in enumerate(shares, 1):
        words = share.split()
        input(f"Share {number} of {len(shares)} for {environment}. Let its custodian come alone, then press Enter. ")
        while True:
            print(_CLEAR + _card(words, number, len(shares), needed, environment))
            input("\nWrite the words on the card. Press Enter when you have read them back to yourself. ")
            print(_CLEAR, end="")
            if _reads_back(words):
                break
            print("That is not what is on the screen. Look at it again.")
        print(f"{_CLEAR}Share {number} is with its custodian.")


def collect(*, needed: int, environment: str) -> Iterator[str]:
    """Yield shares as custodians type them; a mistyped one is asked for again."""
    for number in range(1, needed + 1):
        while True:
            words = input(f"{environment}: custodian {number} of {needed}, type your words and press Enter:\n")
            print(_CLEAR, end="")
            try:
                check_share(words)
            except CeremonyRefused as problem:
                print(problem)
                continue
            yield words
            break


def _card(words: Sequence[str], number: int, shares: int, needed: int, environment: str) -> str:
    rows = -(-len(words) // _COLUMNS)
    lines = [f"ContactPoint {environment}: share {number} of {shares}. Any {needed} open the root secrets.", ""]
    for row in range(rows):
        at = range(row, len(words), rows)
        lines.append("   ".join(f"{place + 1:>2} {words[place]:<12}" for place in at))
    return "\n".join(lines)


def _reads_back(words: Sequence[str]) -> bool:
    asked = sorted(secrets.SystemRandom().sample(range(len(words)), _WORDS_ASKED))
    return all(input(f"Word {place + 1} on your card: ").strip().lower() == words[place] for place in asked)
