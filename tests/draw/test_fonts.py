"""The widths that boxes are sized with are those of the font files that Graphviz and browsers draw with."""

from __future__ import annotations

import pytest
from fontTools.ttLib import TTFont

from archdsl.draw import fonts, metrics

SIGNS = metrics.CORE + metrics.MORE


@pytest.mark.parametrize("style", ["regular", "bold"])
def test_widths_are_the_files(style: str) -> None:
    font = TTFont(fonts.FOLDER / "ttf" / f"{style}.ttf")
    glyphs = font.getBestCmap()
    assert {chr(code) for code in glyphs} == set(SIGNS)
    for sign in SIGNS:
        advance = font["hmtx"][glyphs[ord(sign)]][0]
        assert fonts.width(sign, 2048, style == "bold") == advance, sign


@pytest.mark.parametrize("style", ["regular", "bold"])
@pytest.mark.parametrize("part", ["core", "more"])
def test_a_browser_gets_the_same_signs(style: str, part: str) -> None:
    font = TTFont(fonts.FOLDER / "woff2" / f"{style}-{part}.woff2")
    assert {chr(code) for code in font.getBestCmap()} == set(metrics.CORE if part == "core" else metrics.MORE)
    for code, glyph in font.getBestCmap().items():
        assert fonts.width(chr(code), 2048, style == "bold") == font["hmtx"][glyph][0]


@pytest.mark.parametrize(
    "file", ["ttf/regular.ttf", "ttf/bold.ttf", "woff2/regular-core.woff2", "woff2/bold-more.woff2"]
)
def test_a_width_is_a_sum(file: str) -> None:
    """Nothing moves signs closer, joins them, or snaps them to pixels."""
    assert not {"kern", "GPOS", "GSUB", "fpgm", "prep", "hdmx"} & set(TTFont(fonts.FOLDER / file).keys())
    assert fonts.width("AVfi", 10) == pytest.approx(sum(fonts.width(sign, 10) for sign in "AVfi"))


def test_licence_travels_with_every_file() -> None:
    for file in [*fonts.FOLDER.glob("ttf/*.ttf"), *fonts.FOLDER.glob("woff2/*")]:
        names = TTFont(file)["name"]
        assert names.getDebugName(1) == fonts.FAMILY
        assert "Liberation" not in "".join(names.getDebugName(id) for id in (1, 2, 3, 4, 6))  # a reserved name
        assert "SIL Open Font License" in names.getDebugName(13)
        assert "Red Hat" in names.getDebugName(0)


def test_signs_of_other_fonts_get_room() -> None:
    assert fonts.missing("conv 漢\u00d7") == {"漢"}
    assert fonts.width("漢", 10) == pytest.approx(14, abs=0.01)
    assert fonts.width("e\u0301", 10) == fonts.width("e", 10)
