"""A process that dies, hangs or takes another turn: the other ends in time and names it, and no checkpoint is damaged.

`python -m tests.devices.faults` goes through all points of a step and of a save; here are one of each kind.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.devices.faults import TIMEOUT, Fault, losses, run, suffer, undisturbed

PLACE = "at two_devices.arch:"


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The losses of a run that was never disturbed."""
    return undisturbed(tmp_path_factory.mktemp("undisturbed"), "split")


def test_a_process_that_dies_is_named_and_the_run_resumes(tmp_path: Path, expected: list[str]) -> None:
    fault = Fault("split", "kill", 1, "backward.during", 8)
    outcome = suffer(tmp_path, fault)
    assert outcome.seconds < 60
    assert f"rank 0, {PLACE}" in outcome.said[0]
    assert "rank 1 is dead" in outcome.said[0]
    assert outcome.published == 2
    assert run(tmp_path, fault).returncode == 0
    assert losses(tmp_path) == expected


@pytest.mark.slow
def test_a_process_that_hangs_is_named(tmp_path: Path) -> None:
    outcome = suffer(tmp_path, Fault("split", "hang", 1, "forward.before", 2))
    assert outcome.seconds < TIMEOUT + 60
    assert f"rank 0, {PLACE}" in outcome.said[0]
    assert "rank 1 lives, but is" in outcome.said[0]


def test_a_process_that_takes_another_turn_swaps_no_numbers(tmp_path: Path) -> None:
    outcome = suffer(tmp_path, Fault("split", "stray", 1, "forward.before", 2))
    assert f"rank 0 is {PLACE}" in outcome.said[0]
    assert "but rank 1 elsewhere" in outcome.said[0]


@pytest.mark.slow
def test_a_crash_while_saving_leaves_the_last_checkpoint_and_the_launcher_restarts(
    tmp_path: Path, expected: list[str]
) -> None:
    """Before the second checkpoint has its name: the restarted processes go on from the first."""
    done = run(tmp_path, Fault("split", "kill", 0, "saved", 2), restarts=1)
    assert (tmp_path / "fault").exists(), done.stderr
    assert "resumed behind step 2" in done.stdout
    assert done.returncode == 0, done.stderr
    assert losses(tmp_path) == expected
