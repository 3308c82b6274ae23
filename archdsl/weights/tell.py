"""A report, told: for people, for machines, and what could be done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from archdsl.diagnostic import Help
from archdsl.render.terminal import printable
from archdsl.weights.header import Stored, shortened, sizes
from archdsl.weights.nearest import Named, nearest
from archdsl.weights.report import Pair, Report, Wanted

SHOWN = 20
"""Lines of a list; how many more there are is said behind it."""
LOOKED_UP = 50
"""How many of a list have their nearest name looked up for machines: every one takes time."""

T = TypeVar("T")


def text(report: Report) -> str:
    """The headline, and below it the lists of what it is about."""
    return "\n".join((report.headline(), *map(printable, _lines(report))))


def _lines(report: Report) -> Iterator[str]:
    spare, lacking = _spare(report), _lacking(report)
    yield from _list("missing: the file does not have", report.missing, lambda one: _alone(one, spare, "the file"))
    yield from _list("of another shape or type", report.mismatched, lambda pair: _mismatch(pair, spare))
    yield from _list("unused: only the file has", report.unused, lambda one: _alone(one, lacking, "the network"))
    yield from _list("kept as they were", report.kept, lambda one: f"{one.key}  {sizes(one.shape)}")
    yield from _list("renamed", report.renamed, lambda pair: f"{shortened(pair.stored.key)} -> {pair.wanted.key}")
    conversions = Counter(f"{pair.stored.dtype} to {pair.wanted.dtype}" for pair in report.converted)
    for conversion, number in conversions.items():
        yield f"  converted from {conversion}: {number:,}"
    yield from (f"  {line}" for line in report.differences)


def _list(title: str, items: Sequence[T], told: Callable[[T], str]) -> Iterator[str]:
    if not items:
        return
    yield f"  {title}: {len(items):,}"
    yield from (f"    {told(item)}" for item in items[:SHOWN])
    if len(items) > SHOWN:
        yield f"    ... and {len(items) - SHOWN:,} more"


def _alone(tensor: Wanted | Stored, others: Sequence[Named], where: str) -> str:
    """A tensor that only one side has."""
    line = f"{shortened(tensor.key)}  {sizes(tensor.shape)}"
    near = nearest(tensor.key, tensor.shape, others)
    return line + (f"  (nearest in {where}: {shortened(near[0])}  {sizes(near[1])})" if near else "")


def _mismatch(pair: Pair, others: Sequence[Named]) -> str:
    wanted, stored = pair.wanted, pair.stored
    shapes = wanted.shape != stored.shape
    here = sizes(wanted.shape) if shapes else wanted.dtype
    there = sizes(stored.shape) if shapes else stored.dtype
    line = f"{wanted.key}  {here} in the network, {there} in the file"
    near = nearest(wanted.key, wanted.shape, [other for other in others if other[1] == wanted.shape])
    return line + (f"  (nearest of that shape: {shortened(near[0])})" if near else "")


def _spare(report: Report) -> list[Named]:
    """What the file has and the network doesn't take."""
    return [(tensor.key, tensor.shape) for tensor in report.unused]


def _lacking(report: Report) -> list[Named]:
    """What the network wants and doesn't get."""
    wanted = [*report.missing, *(pair.wanted for pair in report.mismatched)]
    return [(tensor.key, tensor.shape) for tensor in wanted]


def data(report: Report) -> dict[str, Any]:
    """The report in what JSON knows. `nearest` is looked up for the first 50 of each list."""

    def alone(tensors: Sequence[Wanted | Stored], others: Sequence[Named]) -> list[dict[str, Any]]:
        made: list[dict[str, Any]] = []
        for at, tensor in enumerate(tensors):
            near = nearest(tensor.key, tensor.shape, others) if at < LOOKED_UP else None
            made.append({**_plain(tensor), "nearest": near and near[0]})
        return made

    return {
        "file": report.path,
        "network": report.network,
        "fits": report.fits,
        "loaded": [_plain_pair(pair) for pair in report.loaded],
        "missing": alone(report.missing, _spare(report)),
        "mismatched": [_plain_pair(pair) for pair in report.mismatched],
        "unused": alone(report.unused, _lacking(report)),
        "kept": [_plain(tensor) for tensor in report.kept],
        "differences": list(report.differences),
    }


def _plain(tensor: Wanted | Stored) -> dict[str, Any]:
    return {"key": tensor.key, "shape": list(tensor.shape), "dtype": tensor.dtype}


def _plain_pair(pair: Pair) -> dict[str, Any]:
    return {**_plain(pair.wanted), "file": _plain(pair.stored)}


def advice(report: Report) -> tuple[Help, ...]:
    """The option that leaves out what doesn't fit, where that is a module or a few."""
    keys = [key for key, _ in (*_lacking(report), *_spare(report))]
    used = [pair.wanted.key for pair in report.loaded]
    for modules in ({key.rpartition(".")[0] or key for key in keys}, {key.split(".")[0] for key in keys}):
        apart = not any(key.startswith(f"{module}.") for module in modules for key in used)
        if report.loaded and 0 < len(modules) <= 3 and apart:
            names = sorted(map(shortened, modules))
            quoted = ", ".join(f'"{name}"' for name in names)
            given = f"[{quoted}]" if len(names) > 1 else quoted
            flags = " ".join(f"--without {name}" for name in names)
            return (Help(f"to leave out what does not fit: without={given}, on the command line {flags}"),)
    return ()
