"""Traffic as the terminal shows it, in at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby

from archdsl.devices.traffic_amounts import NOTHING, Amount, Move, Traffic
from archdsl.devices.traffic_backends import FRAMES, move_on_wire, on_wire
from archdsl.devices.traffic_report import Report
from archdsl.devices.traffic_schemes import SPLIT, Scheme
from archdsl.render.grid import grid
from archdsl.render.table import binary
from archdsl.render.terminal import cells, paint, printable

COLUMNS = 80
WIDEST = 12
"""Of the columns that name steps."""
VALUES = 4
"""The column that is left out where all don't fit: the bytes tell as much."""


def traffic_text(report: Report, color: bool = False) -> str:
    """What each transfer moves, then the sums, then the other ways to divide the network."""
    lines = [paint(printable(_title(report)), "strong", color), ""]
    lines += _undivided(report) if report.traffic is None else _transfers(report, report.traffic, color)
    lines += _schemes(report, color)
    return "\n".join(lines)


def _title(report: Report) -> str:
    if report.traffic is None:
        return f"{report.network} ({report.file}): a training step on {report.devices} devices"
    stages = [f"in {report.stages} stages"] if report.stages else []
    where = " ".join([*stages, *([f"on {report.mesh}"] if report.mesh is not None else [])])
    return f"{report.network} ({report.file}) {where}: bytes of a training step"


def _undivided(report: Report) -> Iterator[str]:
    """What a spec that says nothing of devices is told."""
    yield "It has no `split`, `on` or `stage`: as written, one device does everything"
    yield "and nothing moves. Divided in one of these ways, as many bytes would:"
    yield ""


def _transfers(report: Report, traffic: Traffic, color: bool) -> Iterator[str]:
    samples = [move for move in traffic.moves if move.kind != "gradient"]
    rows = [_row(list(same), traffic, report) for _, same in groupby(samples, _alike)]
    total = Amount(0, traffic.forward.sample), Amount(0, traffic.backward.sample)
    wire = sum(_wire(move, traffic, report) for move in samples)
    rows.append(("a sample", "", "", "", "", *(f"{amount.sample:,}" for amount in total), binary(wire)))
    header = ("transfer", "line", "from", "to", "values", "forward", "backward", f"on {report.backend}")
    lines = grid(header, rows, 4, color)
    if cells(grid(header, rows, 4)[0]) > COLUMNS:
        narrow, *others = (row[:VALUES] + row[VALUES + 1 :] for row in (header, *rows))
        lines = grid(narrow, others, 4, color)
    yield from lines
    yield ""
    both = traffic.forward + traffic.backward
    yield _figure("a sample", both.sample)
    if both.step:
        yield _figure("a step, besides", both.step, _replicated(traffic))
    batch = report.batch
    yield _figure(f"batch of {batch:,}", both.at(batch), binary(both.at(batch)))
    yield _figure(f"on {report.backend}", on_wire(traffic, report.backend, batch), FRAMES[report.backend][1])
    yield ""


def _wire(move: Move, traffic: Traffic, report: Report) -> int:
    return move_on_wire(move, traffic.among(move), report.backend, report.batch)


def _alike(move: Move) -> tuple[object, ...]:
    """Neighbours that are alike, such as those of the turns of a loop, are one row."""
    return move.kind, move.span, move.values, move.forward, move.backward


def _row(moves: list[Move], traffic: Traffic, report: Report) -> tuple[str, ...]:
    first = moves[0]
    many = f" x{len(moves)}" if len(moves) > 1 else ""
    line = str(first.span.line) if first.span else ""
    sizes = first.values, first.forward, first.backward
    return (
        first.kind + many,
        line,
        _short(_named(first.source, report) or "input"),
        _short(_named(first.reader, report) or "output"),
        *map(_shown, sizes),
        binary(sum(_wire(move, traffic, report) for move in moves)),
    )


def _named(path: str, report: Report) -> str:
    """A layer that has no name but its number is called by what it is, too."""
    return f"{path} {report.layers.get(path, '')}".rstrip() if path.rpartition(".")[2].isdigit() else path


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
    equal = [scheme for scheme in report.schemes if scheme.equal is not None and scheme.equal >= 1]
    if equal:
        yield ""
        parts = [f"{scheme.name} at batch {float(scheme.equal or 0):,.0f}" for scheme in equal]
        yield f"equal to the spec: {', '.join(parts)}"
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
