"""What all tests share."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update",
        action="store_true",
        help="rewrite expected messages (tests/cases) and outputs shown (docs) from what the code does",
    )

    parser.addoption("--slow", action="store_true", help="run also what takes minutes: tests that `make parity` runs")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "slow: takes minutes; left to `make parity`, or to --slow")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--slow"):
        skipped = pytest.mark.skip(reason="takes minutes: `make parity` runs it, or --slow")
        for item in items:
            if item.get_closest_marker("slow"):
                item.add_marker(skipped)


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update"))
