"""Traffic as the terminal shows it, in at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from archdsl.devices.traffic import NOTHING, Amount, Move, Traffic
from archdsl.devices.traffic_backends import FRAMES, on_wire
from archdsl.devices.traffic_report import Report
from archdsl.devices.traffic_schemes import SPLIT, Scheme
from archdsl.render.grid import grid
from archdsl.render.table import binary
from archdsl.render.terminal import cells, paint, printable

WIDEST = 14
"""Of the columns that name steps."""


def traffic_text(report: Report, color: bool = False) -> str:
    """What each transfer moves, then the sums, then the other ways to divide the network."""
    lines = [paint(printable(_title(report)), "strong", color), ""]
    if report.traffic is not None:
        lines += _transfers(report, report.traffic, color)
    lines += _schemes(report, color)
    return "\n".join(lines)


def _title(report: Report) -> str:
    where = f"on {report.mesh}" if report.mesh is not None else f"says nothing of devices; on {report.devices} of them"
    return f"{report.network} ({report.file}) {where}: bytes of a training step"


def _transfers(report: Report, traffic: Traffic, color: bool) -> Iterator[str]:
    samples = [move for move in traffic.moves if move.kind != "gradient"]
    rows = [_row(list(same)) for _, same in groupby(samples, _alike)]
    total = Amount(0, traffic.forward.sample), Amount(0, traffic.backward.sample)
    rows.append(("a sample", "", "", "", "", *(f"{amount.sample:,}" for amount in total)))
    yield from grid(("transfer", "line", "from", "to", "values", "forward", "backward"), rows, 4, color)
    yield ""
    both = traffic.forward + traffic.backward
    yield _figure("a sample", both.sample)
    if both.step:
        yield _figure("a step, besides", both.step, _replicated(traffic))
    batch = report.batch
    yield _figure(f"batch of {batch:,}", both.at(batch), binary(both.at(batch)))
    yield _figure(f"on {report.backend}", on_wire(traffic, report.backend, batch), FRAMES[report.backend][1])
    yield ""


def _alike(move: Move) -> tuple[object, ...]:
    """Neighbours that are alike, such as those of the turns of a loop, are one row."""
    return move.kind, move.span, move.values, move.forward, move.backward


def _row(moves: list[Move]) -> tuple[str, ...]:
    first = moves[0]
    many = f" x{len(moves)}" if len(moves) > 1 else ""
    line = str(first.span.line) if first.span else ""
    sizes = first.values, first.forward, first.backward
    return (
        first.kind + many,
        line,
        _short(first.source or "input"),
        _short(first.reader or "output"),
        *map(_shown, sizes),
    )


def _shown(amount: Amount) -> str:
    """Of a sample; what does not grow with the batch is marked."""
    if amount == NOTHING:
        return "0"
    return f"{amount.sample:,}" if not amount.step else f"{amount.step:,} a step"


def _short(path: str) -> str:
    text = printable(path)
    return text if cells(text) <= WIDEST else f"{text[:4]}..{text[-(WIDEST - 6) :]}"


def _replicated(traffic: Traffic) -> str:
    keys = [move.path for move in traffic.moves if move.kind == "gradient"]
    if not keys:
        return ""
    return f"gradients of {printable(', '.join(keys[:2]))}" + (f" and {len(keys) - 2} more" if len(keys) > 2 else "")


def _figure(name: str, number: int, note: str = "") -> str:
    return f"{name:<16}{number:>16,}" + (f"  {note}" if note else "")


def _schemes(report: Report, color: bool) -> Iterator[str]:
    rows = [
        (
            scheme.name,
            f"{scheme.moved.sample:,}",
            f"{scheme.moved.step:,}",
            binary(scheme.moved.at(report.batch)),
            _least(scheme),
        )
        for scheme in report.schemes
    ]
    yield from grid(("divided", "a sample", "a step", f"batch {report.batch:,}", "least at batch"), rows, 1, color)
    equal = [scheme for scheme in report.schemes if scheme.equal is not None]
    if equal:
        yield ""
        parts = [f"{scheme.name} at batch {float(scheme.equal or 0):,.0f}" for scheme in equal]
        yield f"equal to the split: {', '.join(parts)}"
    if any(scheme.name == SPLIT for scheme in report.schemes) and report.traffic is not None:
        results = report.traffic.results.sample
        if results:
            yield f"(without the {results:,} bytes a sample that gather what the network gives)"


def _least(scheme: Scheme) -> str:
    if scheme.first is None:
        return "-"
    if scheme.last is None:
        return f"from {scheme.first:,}"
    return f"{scheme.first:,} to {scheme.last:,}" if scheme.first != scheme.last else f"{scheme.first:,}"
