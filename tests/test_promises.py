"""`expect`: kept, broken, and what is said then."""

from __future__ import annotations

import pytest

from archdsl.ir.graph import Promise
from archdsl.promises import Rounded, check_promises
from archdsl.source import Span
from tests.cli.specs import mistakes, network, program

CONV = "conv(16, 3x3, pad=1)"
PARAMS = 16 * 3 * 9 + 16
MACS = 16 * 3 * 9 * 32 * 32


@pytest.mark.parametrize(
    "claim",
    [
        f"params == {PARAMS}",
        "params == 4_48",
        "params <= 448",
        "params < 449",
        "params >= 448",
        "params > 447",
        "params != 447",
        "params == 16 * (3 * 9 + 1)",
        "params == 0.4K",
        "params == 0.45K",
        f"macs == {MACS}",
        "macs == 442.4K",
        "macs == 0.44M",
        "receptive_field == 3",
        "receptive_field <= 3",
        "output == [N, 16, 32, 32]",
        "output == [N, 4 * 4, 64 // 2, 32]",
    ],
)
def test_kept(claim: str) -> None:
    assert mistakes(network(CONV, f"expect {claim}")) == ()


@pytest.mark.parametrize(
    ("claim", "code", "title", "mended"),
    [
        ("params == 447", "E0701", "parameters: 447 promised, 448 found", "params == 448"),
        ("params < 448", "E0701", "parameters: < 448 promised, 448 found", None),
        ("params == 0.5K", "E0701", "parameters: 0.5K promised, 0.4K (448) found", "params == 0.4K"),
        ("macs == 1.25M", "E0701", "MACs: 1.25M promised, 0.44M (442,368) found", "macs == 0.44M"),
        ("macs == 4.09G", "E0701", "MACs: 4.09G promised, 442_368 (442,368) found", "macs == 442_368"),
        ("receptive_field == 5", "E0701", "receptive field: 5 promised, 3 found", "receptive_field == 3"),
        ("output == [N, 10]", "E0702", "output: [N, 10] promised, [N, 16, 32, 32] found", "output == [N, 16, 32, 32]"),
        ("receptive_field == 3.0", "E0704", "`expect receptive_field` can't be compared like that", None),
        ("receptive_field == 1K", "E0704", "`expect receptive_field` can't be compared like that", None),
        ("output != [N, 10]", "E0704", "`expect output` can't be compared like that", None),
        ("output == 10K", "E0704", "`expect output` can't be compared like that", None),
    ],
)
def test_broken(claim: str, code: str, title: str, mended: str | None) -> None:
    text = network(CONV, f"expect {claim}")
    (found,) = mistakes(text)
    assert (found.code, found.title) == (code, title)
    edits = [way.edit for way in found.all_helps if way.edit]
    if mended is None:
        assert edits == []
        return
    (edit,) = edits
    assert text[: edit.span.start] + edit.text + text[edit.span.end :] == text.replace(claim, mended)
    # The mend is one: with it the promise is kept.
    assert mistakes(text.replace(claim, mended)) == ()


def test_the_difference_is_said() -> None:
    (found,) = mistakes(network(CONV, "expect params == 440"))
    assert found.label == "is 448, 8 more"


def test_free_sizes_are_compared_as_such() -> None:
    text = network(
        "conv(8, 3x3, stride=2, pad=1)", "expect output == [N, 8, (H + 1) // 2, 1]", shape="[N, 3, H = 8, 2]"
    )
    assert mistakes(text) == ()
    (found,) = mistakes(text.replace("(H + 1) // 2", "4"))
    assert (found.code, found.all_helps) == ("E0702", ())


@pytest.mark.parametrize(("value", "kept"), [((3, 3), True), ((3, 5), False), ((3, 3, 3), False)])
def test_a_receptive_field_by_axes(value: tuple[int, ...], kept: bool) -> None:
    built = program(network(CONV))
    built.promises = (Promise("receptive_field", "==", value, Span(built.source, 0, 1)),)
    assert (list(check_promises(built)) == []) is kept


def test_no_maps_no_receptive_field() -> None:
    (found,) = mistakes(network("linear(2)", "expect receptive_field == 1", shape="[N, 3]"))
    assert found.code == "E0705"


@pytest.mark.parametrize(
    ("text", "kept", "broken"),
    [
        ("4.09G", [4_085_000_000, 4_090_000_000, 4_094_999_999], [4_084_999_999, 4_095_000_000]),
        ("4G", [3_500_000_000, 4_499_999_999], [3_499_999_999, 4_500_000_000]),
        ("25.6M", [25_557_032], [25_500_000, 25_650_000]),
        ("0.27M", [272_474], [264_999]),
        ("1.2345K", [], [1234, 1235]),
        ("1.234K", [1234], [1233]),
    ],
)
def test_rounding_to_the_digits_written(text: str, kept: list[int], broken: list[int]) -> None:
    rounded = Rounded(text)
    assert all(rounded.of(number) == rounded.digits for number in kept)
    assert not any(rounded.of(number) == rounded.digits for number in broken)
