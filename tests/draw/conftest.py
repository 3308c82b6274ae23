"""A real browser for the tests that need one; without one they are skipped, with the reason."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Chromium, as the system has it, or as `playwright install chromium` brought it."""
    api = pytest.importorskip("playwright.sync_api", reason="playwright isn't installed: pip install playwright")
    with api.sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, NAMES)), playwright.chromium.executable_path)
        if not os.path.exists(path):
            pytest.skip(
                f"no browser: none of {', '.join(NAMES)} is on the path; apt-get install chromium, "
                "or python -m playwright install chromium"
            )
        # Hinting would move lines and signs to whole pixels, each program by its own rules.
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--font-render-hinting=none"])
        yield browser
        browser.close()
