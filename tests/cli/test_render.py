"""The full form, as it is read."""

from __future__ import annotations

from archdsl.diagnostic import Diagnostic, Edit, Help, Label
from archdsl.render import render, render_text
from archdsl.source import Source, Span
from tests.cli.made import RESIDUAL, SOURCE, TEXT, Odd, span, unfit


def test_places_notes_and_the_edit() -> None:
    assert (
        render_text([RESIDUAL])
        == """\
error[E0399]: residual branches do not fit: 256x56x56 + 64x56x56
  --> specs/resnet.arch:3:5
   |
 3 |     residual {
   |     ^^^^^^^^ cannot add these
 7 |         conv3: conv(out, 1x1, bias=false) -> bn3: bn
   |                                              --- the body has 256 channels: out = width * 4 (line 2)
   |
   = note: in block bottleneck, called as layer1.0 at line 25
   = help: project it
   |
 8 -     }
 8 +     } shortcut { conv(256, 1x1) }"""
    )


def test_several_labels_in_a_line_hang_below_it() -> None:
    shown = render_text([unfit(span("conv2"), Label(span("bn2"), "to here"), Label(span("3x3"), "the kernel"))])
    assert (
        shown
        == """\
error[E0399]: residual branches do not fit: 256x56x56 + 64x56x56
  --> specs/resnet.arch:5:9
   |
 5 |         conv2: conv(width, 3x3, stride=stride, pad=1) -> bn2: bn
   |         ^^^^^              ---                           --- to here
   |         |                  |
   |         |                  the kernel
   |         cannot add these"""
    )


def test_places_over_several_lines_run_in_the_margin() -> None:
    shown = render_text([unfit(span("residual", "    relu"), Label(span("bn1", "conv3"), "inner"))])
    assert (
        shown
        == """\
error[E0399]: residual branches do not fit: 256x56x56 + 64x56x56
  --> specs/resnet.arch:3:5
   |
 3 | /       residual {
 4 | |           conv1: conv(width, 1x1, bias=false) -> bn1: bn -> relu
   | |  ________________________________________________-
 5 | | |         conv2: conv(width, 3x3, stride=stride, pad=1) -> bn2: bn
 6 | | |
 7 | | |         conv3: conv(out, 1x1, bias=false) -> bn3: bn
   | | |_____________- inner
...  |
 9 | |       relu
   | |__________^ cannot add these"""
    )


def test_a_long_place_is_shown_by_its_ends() -> None:
    source = Source("a.arch", "{\n" + "    relu\n" * 30 + "}\n")
    lines = render_text([unfit(Span(source, 0, len(source.text) - 1))]).split("\n")
    assert [line[:5].strip() for line in lines[3:7]] == ["1 |", "2 |", "...", "32 |"]


def test_an_insertion_is_marked_in_its_line() -> None:
    here = Span(SOURCE, span("width, 1x1").start, span("width, 1x1").start)
    shown = render_text([unfit(span("conv1"), helps=(Help("name it", Edit(here, "channels=")),))])
    assert shown.endswith("""\
   = help: name it
   |
 4 |         conv1: conv(channels=width, 1x1, bias=false) -> bn1: bn -> relu
   |                     +++++++++""")


def test_inserted_lines_are_shown_without_what_stays() -> None:
    start = TEXT.index("    residual")
    shown = render_text(
        [unfit(span("residual"), helps=(Help("say it", Edit(Span(SOURCE, start, start), "    relu\n")),))]
    )
    assert shown.endswith("   = help: say it\n   |\n 3 +     relu")


def test_tabs_and_wide_characters_keep_marks_below_their_words() -> None:
    source = Source("a.arch", 'let\ta = "\u6f22\u5b57" + b')
    lines = render_text([unfit(span("b", source=source))]).split("\n")
    assert lines[3] == ' 1 | let a = "\u6f22\u5b57" + b'
    assert lines[4] == "   |                  ^ cannot add these"


def test_a_place_behind_the_last_character_has_a_mark() -> None:
    source = Source("a.arch", "relu")
    assert render_text([unfit(Span(source, 4, 4))]).split("\n")[3:] == [
        " 1 | relu",
        "   |     ^ cannot add these",
    ]


def test_a_place_that_ends_with_a_line_break_is_a_place_in_its_line() -> None:
    source = Source("a.arch", "relu\r\nbn\r\n")
    assert render_text([unfit(Span(source, 0, 6))]).split("\n")[3:] == [" 1 | relu", "   | ^^^^^ cannot add these"]


def test_places_in_other_files_come_behind() -> None:
    other = Source("common.arch", "block unit {\n}\n")
    shown = render_text([unfit(span("relu"), Label(span("unit", source=other), "declared here"))])
    assert shown.endswith("  ::: common.arch:1:7\n   |\n 1 | block unit {\n   |       ---- declared here")


def test_without_text_there_is_a_place_only() -> None:
    nowhere = Diagnostic(Odd(), Span(Source("missing.arch", ""), 0, 0))
    assert render_text([nowhere]) == "warning[W0399]: this is odd\n  --> missing.arch"


def test_long_lines_are_cut_around_their_marks() -> None:
    source = Source("a.arch", "relu -> " * 50_000 + "convv(64)" + " -> relu" * 50_000)
    lines = render_text([unfit(span("convv", source=source))], width=80).split("\n")
    assert all(len(line) <= 100 for line in lines)
    assert lines[4].index("^") == lines[3].index("convv")


def test_notes_are_wrapped_to_the_terminal_and_aligned() -> None:
    lines = render_text([unfit(span("relu"), notes=("word " * 40,))], width=60).split("\n")
    notes = lines[lines.index("   |", 3) + 1 :]
    assert len(notes) > 3
    assert all(len(line) <= 60 for line in notes)
    assert all(line.startswith("           word") for line in notes[1:-1])


def test_nothing_that_steers_a_terminal_gets_through() -> None:
    evil = "\x1b[2J\u202e\u2066\x07\x00\u200b\ufeff\u2028\x9b"
    source = Source(f"a{evil}.arch", f'let a = "{evil}"\rx')
    at = Span(source, 8, 12)
    found = Diagnostic(
        RESIDUAL.error, at, labels=(Label(at, evil),), notes=(evil,), helps=(Help(evil, Edit(at, evil)),)
    )
    for form in ("full", "concise", "github"):
        assert all(char.isprintable() or char == "\n" for char in render([found], form, width=80)), form
    for form in ("json", "sarif"):
        assert render([found], form).isascii()


def test_colour_marks_and_takes_nothing_away() -> None:
    import re

    painted = render_text([RESIDUAL], color=True)
    assert "\x1b[1;31m^^^^^^^^\x1b[0m \x1b[1;31mcannot add these\x1b[0m" in painted
    assert re.sub(r"\x1b\[[0-9;]*m", "", painted) == render_text([RESIDUAL])


def test_concise() -> None:
    assert render([RESIDUAL], "concise") == (
        "specs/resnet.arch:3:5: error[E0399]: residual branches do not fit: 256x56x56 + 64x56x56"
    )
