"""A summary as a table: plain text, Markdown, CSV or JSON."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from archdsl.receptive import show_field
from archdsl.render.terminal import cells, paint, printable
from archdsl.summary import Result, Row, Summary

HEADER = ("step", "kind", "output", "params", "MACs", "memory")
RIGHT = (False, False, True, True, True, True)
GAP = "  "
NARROWEST = 12
"""Columns are cut to fit a terminal, but not below that."""


def text_table(summary: Summary, color: bool = False, width: int | None = None) -> str:
    """Aligned columns, then the totals. Steps are indented by their scope."""
    rows = [_cells(row) for row in summary.rows]
    widths = [max(map(cells, column)) for column in zip(HEADER, *rows)]
    if width:
        _fit(widths, width - len(GAP) * (len(widths) - 1))
    rule = paint("-" * (sum(widths) + len(GAP) * (len(widths) - 1)), "faint", color)
    lines = [paint(_title(summary), "strong", color), "", paint(_line(HEADER, widths), "strong", color), rule]
    lines += [_line(row, widths) for row in rows]
    lines += [rule, *totals(summary)]
    if any(row.repeat > 1 for row in summary.rows):
        lines += ["", "x3: three equal steps in a row, with the figures of one."]
    return "\n".join(lines)


def markdown_table(summary: Summary) -> str:
    """A table for a README, then the totals as a list."""
    lines = [_markdown_line(HEADER), _markdown_line(["---:" if right else "---" for right in RIGHT])]
    lines += [
        _markdown_line([cell.replace("|", "\\|") for cell in _cells(row, "&nbsp;&nbsp;")]) for row in summary.rows
    ]
    return "\n".join([*lines, "", *(f"- {' '.join(line.split())}" for line in totals(summary))])


def csv_table(summary: Summary) -> str:
    """Exact figures, full paths, a line a row."""
    import csv
    import io

    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("step", "kind", "output", "repeat", "params", "buffers", "macs", "activation_bytes"))
    for row in summary.rows:
        cost = row.cost
        path = printable(".".join(row.path))
        shape = _shape(row.output)
        writer.writerow(
            (path, row.kind, shape, row.repeat, cost.params, cost.buffers, cost.macs, cost.activation_bytes)
        )
    return text.getvalue().rstrip("\n")


def json_table(summary: Summary) -> str:
    """Exact figures; the rows in order, each with its level."""
    import json

    total = summary.total
    document = {
        "name": summary.title,
        "file": summary.file,
        "sizes": dict(summary.sizes),
        "inputs": {name: list(shape) for name, shape in summary.inputs},
        "outputs": [_json_result(result) for result in summary.outputs],
        "params": total.params,
        "trained_params": total.params - total.frozen,
        "buffers": total.buffers,
        "state_bytes": total.state_bytes,
        "macs": total.macs,
        "flops": total.flops,
        "activation_bytes": total.activation_bytes,
        "receptive_field": summary.receptive_field and list(summary.receptive_field),
        "run_time_checks": [{"file": span.source.name, "line": span.line} for span in summary.unproved],
        "steps": [_json_row(row) for row in summary.rows],
    }
    return json.dumps(document, indent=2)


def _json_row(row: Row) -> dict[str, object]:
    return {
        "level": row.level,
        "path": ".".join(row.path),
        "kind": row.kind,
        "output": list(row.output),
        "repeat": row.repeat,
        "params": row.cost.params,
        "buffers": row.cost.buffers,
        "macs": row.cost.macs,
        "activation_bytes": row.cost.activation_bytes,
        "training": row.training,
    }


def _json_result(result: Result) -> dict[str, object]:
    return {
        "name": result.name,
        "shape": list(result.shape),
        "training": result.training,
        "weight": result.weight,
    }


FORMATS: dict[str, Callable[[Summary], str]] = {"markdown": markdown_table, "csv": csv_table, "json": json_table}


def totals(summary: Summary) -> list[str]:
    """The figures of the whole network, a line each."""
    total = summary.total
    lines = [
        ("parameters", f"{total.params:,}" + (f", {total.params - total.frozen:,} trained" if total.frozen else "")),
        ("buffers", f"{total.buffers:,}"),
        ("MACs", _exact(total.macs)),
        ("FLOPs", f"{_exact(total.flops)}, two for each MAC"),
        ("weights", f"{binary(total.state_bytes)} of parameters and buffers"),
        ("activations", binary(total.activation_bytes) + _first_size(summary)),
    ]
    if summary.receptive_field:
        lines.append(("receptive field", show_field(summary.receptive_field)))
    if summary.unproved:
        places = ", ".join(dict.fromkeys(f"{span.source.name}:{span.line}" for span in summary.unproved))
        lines.append(("run-time checks", printable(f"{places} (sizes that could not be proved to fit)")))
    return [f"{name:<15}  {figure}" for name, figure in lines]


def decimal(number: int) -> str:
    """Four digits and a suffix: `4.089 G`."""
    if number < 10_000:
        return str(number)
    mantissa, exponent = f"{number:.3e}".split("e")  # rounds before the suffix is chosen: 999,951 is 1.000 M
    thousands, left = divmod(int(exponent), 3)
    if thousands > 6:
        return f"{mantissa}e{int(exponent)}"
    return f"{float(mantissa) * 10**left:.{3 - left}f} {' kMGTPE'[thousands]}"


def binary(number: int) -> str:
    """Bytes: `3.06 MiB`."""
    exponent = min(max(0, (number.bit_length() - 1) // 10), 6)
    if exponent == 0:
        return f"{number} B"
    return f"{number / 1024**exponent:.2f} {'KMGTPE'[exponent - 1]}iB"


def _exact(number: int) -> str:
    return f"{decimal(number)} ({number:,})" if number >= 10_000 else str(number)


def _title(summary: Summary) -> str:
    sizes = ", ".join(f"{name} = {size}" for name, size in summary.sizes)
    inputs = ", ".join(f"{name} {_shape(shape)}" for name, shape in summary.inputs)
    results = ", ".join(map(_result, summary.outputs))
    at = f", at {sizes}" if sizes else ""
    return printable(f"{summary.title} ({summary.file}): {inputs} -> {results}{at}")


def _result(result: Result) -> str:
    """`mask 2x56x56`, `aux 1000 (training)`."""
    shown = f"{result.name} {_shape(result.shape)}" if result.name else _shape(result.shape)
    return f"{shown} (training)" if result.training else shown


def _first_size(summary: Summary) -> str:
    """The batch that a figure is for, if the batch is free."""
    return printable(f" at {summary.sizes[0][0]} = {summary.sizes[0][1]}") if summary.sizes else ""


def _shape(sizes: Sequence[int]) -> str:
    return "x".join(map(str, sizes)) or "scalar"


def _cells(row: Row, indent: str = "  ") -> tuple[str, ...]:
    name = row.path[-1] if row.named else ""
    if row.repeat > 1:
        name = f"{name}..{row.last}  x{row.repeat}" if name else f"x{row.repeat}"
    cost = row.cost
    params = f"{cost.params:,}" if cost.params else "-"
    macs = decimal(cost.macs) if cost.macs else "-"
    return (
        indent * row.level + printable(name),
        f"{row.kind} (training)" if row.training else row.kind,
        _shape(row.output),
        params,
        macs,
        binary(cost.activation_bytes),
    )


def _fit(widths: list[int], room: int) -> None:
    """Take what is too much from the columns of names, the widest first."""
    while sum(widths) > room:
        widest = max((0, 1), key=lambda i: widths[i])
        if widths[widest] <= NARROWEST:
            return
        widths[widest] -= 1


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    parts: list[str] = []
    for cell, width, right in zip(row, widths, RIGHT):
        shown = cell
        if cells(shown) > width:
            while cells(shown) > width - 2:
                shown = shown[:-1]
            shown += ".."
        pad = " " * (width - cells(shown))
        parts.append(pad + shown if right else shown + pad)
    return GAP.join(parts).rstrip()


def _markdown_line(row: Sequence[str]) -> str:
    return f"| {' | '.join(row)} |"
