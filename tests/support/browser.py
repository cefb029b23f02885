"""A real Chromium for tests, with every check of certificates on, and hosts that no name server knows."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

from deploy.local.browser import find_chromium, flags, trusting_home

# Two busy cores: what a person would still wait for, and more than any page needs.
PATIENCE_MILLISECONDS = 15_000


@contextmanager
def opened(
    home: Path, authorities: Sequence[Path], *, hosts: Sequence[str] = (), environment: Mapping[str, str] | None = None
) -> Iterator[Browser]:
    """Yield a headless Chromium that trusts these authorities; `hosts` lead to this machine.

    Raises Fault where the browser is missing: a test that needs it fails, and is never skipped.
    """
    chromium = find_chromium()
    trusting = trusting_home(home, authorities)
    rules = [f"MAP {host} 127.0.0.1" for host in hosts]
    arguments = [*flags(), *([f"--host-resolver-rules={','.join(rules)}"] if rules else [])]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=arguments, env={**os.environ, **trusting, **(environment or {})}
        )
        try:
            yield browser
        finally:
            browser.close()
