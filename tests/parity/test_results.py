"""`docs/parity.json` has a row for every form of every spec, none that differs, and all that there is to compare."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.parity import results
from tests.parity.networks import NETWORKS
from tests.specs.read import SPECS, networks

ROWS = {row["network"]: row for row in results.results()}


def test_a_row_for_every_form() -> None:
    """Whatever is missing: run `make parity`."""
    assert list(ROWS) == [form.name for form in results.forms()]
    assert all(tuple(row) == ("network", *results.COLUMNS) for row in ROWS.values())


def test_forms_are_those_that_the_compiler_finds() -> None:
    """Of the networks, only those without a variant."""
    found = {name for path in SPECS.glob("*.arch") for name in networks(path.name)}
    forms = {form.name for form in results.forms()}
    assert forms < found
    bases = found - forms
    texts = "".join(path.read_text() for path in SPECS.glob("*.arch"))
    assert all(f" = {base}(" in texts and f"network {base}(" in texts for base in bases)


def test_nothing_differs() -> None:
    assert [name for name, row in ROWS.items() if False in row.values()] == []


def test_every_form_was_written_and_run() -> None:
    assert [name for name, row in ROWS.items() if row["onnx"] is None or row["pt2"] is None] == []


def test_torchvisions_networks_were_compared() -> None:
    assert {name for name, row in ROWS.items() if row["against"]} >= {network.ours for network in NETWORKS}
    for network in NETWORKS:
        row = ROWS[network.ours]
        assert row["against"].startswith("torchvision ")
        compared = {column for column, cell in row.items() if cell is True} - {"onnx", "pt2"}
        needed = {"keys", "outputs", "loss", "gradients", "statistics"}
        assert compared == (needed | {"seed"} if network.drawn_in_order else needed)


def test_rows_are_filled_column_by_column(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results, "FILE", tmp_path / "parity.json")
    results.record("vgg11", {"onnx": "1e-07", "pt2": True})
    results.record("lenet5", {"pt2": False})
    results.record("vgg11", {"keys": True, "pt2": False})
    rows = {row["network"]: row for row in results.results()}
    assert list(rows) == [form.name for form in results.forms()]
    assert {name for name, row in rows.items() if any(row[column] is not None for column in results.COLUMNS)} == {
        "lenet5",
        "vgg11",
    }
    assert (rows["lenet5"]["pt2"], rows["lenet5"]["onnx"]) == (False, None)
    assert (rows["vgg11"]["pt2"], rows["vgg11"]["onnx"], rows["vgg11"]["keys"]) == (False, "1e-07", True)
