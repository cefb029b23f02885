"""Other processes learn the keys that verify tokens: those of now and of the next rotation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from services.runtime.verification_keys import PublishedKey


@dataclass(frozen=True, kw_only=True)
class ListVerificationKeys:
    """Public keys only, and only those whose private half is ours."""

    published: Callable[[], Sequence[PublishedKey]]

    def __call__(self) -> Sequence[PublishedKey]:
        """Return the keys."""
        return self.published()
