"""Ops of other packages may say what roles they like."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from archdsl import ops
from archdsl.cli.main import main
from archdsl.draw.engine import render

SPEC = "network net {\n    input x: [N, 8]\n    relu -> linear(4)\n}\n"


@pytest.mark.parametrize("role", ["strange", "", "paper", "Ünü sual}</style>"])
def test_a_role_without_a_look(role: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    relu = ops.find("relu")
    assert relu is not None
    monkeypatch.setattr(relu, "role", role)
    (tmp_path / "net.arch").write_text(SPEC)
    for suffix in (".svg", ".dot"):
        path = tmp_path / f"net{suffix}"
        assert main(["draw", str(tmp_path / "net.arch"), "--level", "step", "-o", str(path)]) == 0
    root = ET.parse(tmp_path / "net.svg").getroot()
    assert "ReLU" in [text.text for text in root.iter("{http://www.w3.org/2000/svg}text")]
    assert render(path.read_text(), "plain", program="neato").startswith(b"graph")
