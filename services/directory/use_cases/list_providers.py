"""A user finds schools, practices and teams by the beginning of a name, kind and authority."""

from __future__ import annotations

from dataclasses import dataclass

from services.directory.domain.providers import Provider, ProviderFilter, in_order
from services.directory.ports import Providers, SealedPages

_USUAL_SIZE = 50


@dataclass(frozen=True, kw_only=True)
class ProviderPage:
    """Some of the providers asked for, and the token of what follows; empty on the last page."""

    providers: tuple[Provider, ...]
    next_page_token: bytes


@dataclass(frozen=True, kw_only=True)
class ListProviders:
    """Lists providers by name, a page at a time."""

    providers: Providers
    pages: SealedPages

    def __call__(self, wanted: ProviderFilter, *, page_size: int, page_token: bytes) -> ProviderPage:
        """Return a page of 50 (`page_size` 0) or at most 200; raises InvalidRequest for a token of another list."""
        size = page_size or _USUAL_SIZE
        admitted = in_order(one for one in self.providers.current().by_id.values() if wanted.admits(one))
        start = 0
        if page_token:
            last = self.pages.open(page_token, wanted)
            # Providers are never removed nor renamed, so the place is there.
            start = next((place for place, one in enumerate(admitted, 1) if one.provider_id == last), 0)
        page = tuple(admitted[start : start + size])
        more = start + size < len(admitted)
        return ProviderPage(
            providers=page, next_page_token=self.pages.seal(page[-1].provider_id, wanted) if more else b""
        )
