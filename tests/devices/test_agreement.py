"""Processes that run a network together train as one does: see `agreement.py`.

All numbers agree to 5e-5 of the largest in their tensor, most to 1e-6. They can't be equal: float32 has 24 bits, 6e-8;
what one device adds up in one sum is added up part by part, and five steps of training carry that on.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.devices import nets
from tests.devices.agreement import Case, difference, one_device, runs_on_mesh

TOLERANCE = 5e-5


@pytest.mark.parametrize("cases", [nets.TWO, nets.FOUR], ids=["2", "4"])
def test_processes_train_as_one_device_does(cases: Sequence[Case], tmp_path: Path) -> None:
    found = {
        case.title: difference(run, one_device(case)).largest for case, run in zip(cases, runs_on_mesh(cases, tmp_path))
    }
    assert {title: error for title, error in found.items() if error > TOLERANCE} == {}
