"""The gallery is that of the specs, and shows what was compared and drawn."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.reference.__main__ import gallery_pages
from archdsl.reference.families import Family, family
from archdsl.reference.gallery import gallery

ROOT = Path(__file__).parents[1]

SPEC = """# Somebody and Else 1999, "A Paper", Table 3: two layers,
# in two forms.
# Another 2001, "Wider": more maps.

# A remark of the first network, not of the file.
network small(width = 4) {
    input image: [N, 1, 8, 8]
    conv(width, 3x3) -> relu  # a step
    expect output == [N, width, 6, 6]
}

variant wide = small(width=8) { expect params == 80; expect macs == 2592 }
"""


def test_committed_pages_are_fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    made = gallery_pages(Path("docs"))
    committed = [Path("docs/networks.md"), *Path("docs/networks").iterdir()]
    assert {str(path.relative_to("docs")) for path in committed} == made.keys(), "run `make docs`"
    for name, page in made.items():
        assert Path("docs", name).read_text(encoding="utf-8") == page, f"{name}: run `make docs`"


@pytest.fixture
def wide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Family:
    monkeypatch.chdir(tmp_path)
    Path("wide.arch").write_text(SPEC)
    return family(Path("wide.arch"))


def test_a_family_is_what_its_file_says(wide: Family) -> None:
    assert wide.header == (
        'Somebody and Else 1999, "A Paper", Table 3: two layers, in two forms.',
        'Another 2001, "Wider": more maps.',
    )
    assert (wide.authors, wide.year, wide.title) == ("Somebody and Else", 1999, "A Paper")
    assert [(form.name, form.promises) for form in wide.forms] == [
        ("small", ()),
        ("wide", ("params == 80", "macs == 2592")),
    ]
    assert wide.main.name == "wide"
    assert wide.lines == 6


def test_a_spec_without_a_paper_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bare.arch"
    path.write_text(SPEC.partition("\n\n")[2])
    with pytest.raises(ValueError, match="names a paper"):
        family(path)


def test_pages_show_figures_and_what_is_promised(wide: Family) -> None:
    pages = gallery([wide], [], set())
    assert (
        "| [`wide`](networks/wide.md) | Somebody and Else 1999, *A Paper* | 2 | 80 | 2592 | 6 |  |"
        in pages["networks.md"]
    )
    page = pages["networks/wide.md"]
    assert "| `small` | 1x8x8 | 4x6x6 | 40 | 1296 | 3 |  |" in page
    assert "| `wide` | 1x8x8 | 8x6x6 | 80 | 2592 | 3 | `params == 80`, `macs == 2592` |" in page
    assert SPEC.strip() in page
    assert "archdsl weights check specs/wide.arch:wide FILE" in page
    assert "## Parity" not in page
    assert "## Diagram" not in page


def test_pages_show_results_and_diagrams(wide: Family) -> None:
    results = [
        {"network": "wide", "against": "torchvision 1", "outputs": True, "seed": None, "onnx": "1e-06", "pt2": True},
        {"network": "small", "against": "by hand", "outputs": False, "seed": True, "onnx": False, "pt2": None},
        {"network": "other", "against": "torchvision 1", "outputs": True, "seed": True, "onnx": None, "pt2": None},
    ]
    pages = gallery([wide], results, {"wide", "other"})
    assert "| 1 of 2 equal; ONNX 1 of 2 |" in pages["networks.md"]
    page = pages["networks/wide.md"]
    assert "| `wide` | torchvision 1 | equal |  | 1e-06 | equal |" in page
    assert "| `small` | by hand | **differs** | equal | **differs** |  |" in page
    assert "![wide](../gallery/wide.svg)" in page
    assert "`other`" not in page and "other.svg" not in page
    assert "`wide` has the keys" in page


def test_forms_without_a_reference_are_not_counted_as_equal(wide: Family) -> None:
    results = [{"network": "wide", "against": None, "outputs": None, "onnx": "1e-06"}]
    pages = gallery([wide], results, set())
    assert "| ONNX 1 of 1 |" in pages["networks.md"]
    assert "| `wide` |  |  | 1e-06 |" in pages["networks/wide.md"]
    assert "archdsl weights check specs/wide.arch:wide FILE" in pages["networks/wide.md"]
