"""A plan as the terminal shows it, in at most 80 columns."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from archdsl.devices.plan.ask import Answer
from archdsl.devices.plan.compare import Rival, Turn
from archdsl.devices.plan.plan import Plan, Stage
from archdsl.devices.plan.suggest import Braces, Suggestion
from archdsl.ir.graph import Layer
from archdsl.render.grid import grid
from archdsl.render.table import binary
from archdsl.render.terminal import cells, paint, printable

WIDEST = 28
"""Of the column that names steps."""
MOST_BRACES = 8
"""Of a suggestion that are shown."""
SCHEDULES = {"1f1b": "1F1B", "gpipe": "GPipe"}


def plan_text(
    answer: Answer,
    rivals: Sequence[Rival],
    turns: Sequence[Turn],
    suggested: Suggestion | None = None,
    color: bool = False,
) -> str:
    """What each device does and holds, what that takes, and what else would take."""
    plan = answer.plan
    lines = [paint(printable(_title(plan)), "strong", color), _division(plan), ""]
    lines += [*_times(plan, color), ""]
    lines += grid(
        ("stage", "weights", "gradients", "optimizer", "activations", "memory"),
        [(str(number), *map(binary, _memory(stage))) for number, stage in enumerate(plan.stages, 1)],
        1,
        color,
    )
    lines += ["", *_predicted(plan)]
    lines += _notes(answer)
    if rivals:
        lines += ["", *_rivals(plan, rivals, color)]
    lines += ["", *(_turn(plan, turn) for turn in turns)] if turns else []
    if suggested is not None:
        lines += ["", *suggestion_text(plan, suggested)]
    return "\n".join(lines)


def _times(plan: Plan, color: bool) -> list[str]:
    """What each stage does; in a split, bytes apart, as there are two kinds of them."""
    stages = list(enumerate(plan.stages, 1))
    if plan.split is None:
        names = ("stage", "steps", "compute", "transfer", "exchanged", "gradients")
        rows = [
            (str(i), _span(s), duration(s.compute_seconds), *_between(s), _some(s.reduced_bytes)) for i, s in stages
        ]
        return grid(names, rows, 2, color)
    times = [
        (str(i), _span(s), duration(s.compute_seconds), _lasting(s.split_seconds), _lasting(s.transfer_seconds))
        for i, s in stages
    ]
    sent = [(str(i), _some(s.split_bytes), _some(s.exchanged_bytes), _some(s.reduced_bytes)) for i, s in stages]
    return [
        *grid(("stage", "steps", "compute", "in the split", "transfer"), times, 2, color),
        "",
        *grid(("stage", "sent in the split", "exchanged between stages", "gradients"), sent, 1, color),
    ]


def _between(stage: Stage) -> tuple[str, str]:
    return _lasting(stage.transfer_seconds), _some(stage.exchanged_bytes)


def _lasting(seconds: float) -> str:
    return duration(seconds) if seconds else "-"


def _some(size: int) -> str:
    return binary(size) if size else "-"


def _title(plan: Plan) -> str:
    return f"{plan.made.network} ({plan.made.file}): batch {plan.batch} on {_many(plan.devices, 'device')}"


def _division(plan: Plan) -> str:
    parts = [_ways(len(plan.stages), plan.replicas) + (f" of {plan.split.mesh}[{plan.width}]" if plan.split else "")]
    if plan.microbatches > 1:
        parts.append(f"{plan.microbatches} microbatches of {plan.microbatch}")
    if len(plan.stages) > 1:
        parts.append(SCHEDULES[plan.schedule])
    idle = plan.devices - plan.used
    return ", ".join(parts) + (f"; {_many(idle, 'device')} would not help" if idle else "")


def _ways(stages: int, replicas: int, width: int = 1) -> str:
    split = f" of {width}" if width > 1 else ""
    return f"{_many(stages, 'stage')} x {_many(replicas, 'replica')}{split}"


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'s' if count != 1 else ''}"


def _memory(stage: Stage) -> tuple[int, ...]:
    return (
        stage.weight_bytes,
        stage.gradient_bytes,
        stage.optimizer_bytes,
        stage.activation_bytes,
        stage.memory_bytes,
    )


def _span(stage: Stage) -> str:
    """`conv1 .. layer2.3`, the middle cut out where it is long."""
    first, last = stage.steps[0], stage.steps[-1]
    text = printable(first if first == last else f"{first} .. {last}")
    if cells(text) <= WIDEST:
        return text
    head = WIDEST // 2 - 1
    return f"{text[:head]}..{text[-(WIDEST - head - 2) :]}"


def _predicted(plan: Plan) -> Iterator[str]:
    stages = len(plan.stages)
    turns = plan.microbatches + stages - 1
    pipeline = plan.step_seconds - plan.reduce_seconds
    parts = [f"{turns} x {duration(pipeline / turns)}" if turns > 1 else duration(pipeline)]
    if plan.reduce_seconds:
        parts.append(f"{duration(plan.reduce_seconds)} to sum gradients")
    yield f"{'predicted step':<15}  {duration(plan.step_seconds)} = {' + '.join(parts)}"
    yield f"{'samples':<15}  {plan.batch / plan.step_seconds:,.0f} a second"
    if stages > 1:
        yield f"{'bubble':<15}  {plan.bubble:.1%}: {stages - 1} of {turns} turns fill and drain the pipeline"
    machine = plan.machine
    yield (
        f"{'of a device':<15}  {_decimal(machine.flops)}FLOP/s, link {_decimal(machine.link)}B/s, "
        f"memory {_decimal(machine.memory)}B, optimizer {machine.optimizer}"
    )


def _notes(answer: Answer) -> Iterator[str]:
    """What to know of the plan."""
    plan, network = answer.plan, answer.network
    if not answer.exact:
        yield "note: there are too many cuts to try all, so this plan may not be the best"
    if network.unstaged:
        yield f"note: no stages, as {printable(network.unstaged)}"
    for group in network.units.tied[:1]:
        first, last = (network.units.units[number].steps[0] for number in (min(group), max(group)))
        names = [printable(network.flow.steps[step].address) for step in (first, last)]
        yield f"note: {names[0]} and {names[1]} share weights, so they are on one stage"
    ops = {step.node.op for step in network.flow.steps if isinstance(step.node, Layer)}
    mixing = sorted({op.name for op in ops if op.mixes_samples})
    if mixing and plan.microbatch < plan.batch:
        names = f"{' and '.join(mixing)} take{'s' if len(mixing) == 1 else ''}"
        yield f"note: {names} statistics from {plan.microbatch} samples, not from all {plan.batch}"


def _rivals(plan: Plan, rivals: Sequence[Rival], color: bool) -> list[str]:
    rows = [
        (
            rival.name,
            _ways(rival.stages, rival.replicas, rival.width),
            duration(rival.seconds),
            f"{rival.seconds / plan.step_seconds:.2f}",
            "" if rival.fits else "no room",
        )
        for rival in rivals
    ]
    return grid(("instead", "as", "step", "times", ""), rows, 2, color)


def _turn(plan: Plan, turn: Turn) -> str:
    where = f"at batch {turn.batch:,} and {'above' if turn.batch > plan.batch else 'below'}"
    if turn.stages is None or turn.replicas is None:
        return f"at batch {turn.batch:,} nothing fits"
    return f"{where}: {_ways(turn.stages, turn.replicas)}"


def suggestion_text(plan: Plan, found: Suggestion) -> Iterator[str]:
    """What to write, what that gives, and that it is the same network."""
    other = found.answer.plan
    times = f"{duration(other.step_seconds)} instead of {duration(plan.step_seconds)}"
    yield f"suggestion: another `split` would take {times}, {other.step_seconds / plan.step_seconds:.2f} of it:"
    yield from written(found)
    split, gradients = (
        max(getattr(stage, name) for stage in other.stages) for name in ("split_bytes", "reduced_bytes")
    )
    yield f"  then {_ways(len(other.stages), other.replicas, found.mesh.size)}; in a step a device sends at most"
    yield f"  {binary(split)} in the split and {binary(gradients)} of gradients"
    yield "  The network computes the same; without these exchanges it would be another."


def written(found: Suggestion) -> Iterator[str]:
    """The split, as it is to be written."""
    yield f"  `mesh {found.mesh}`, and `split({found.mesh.name}) {{ }}` around"
    for braces in found.braces[:MOST_BRACES]:
        yield f"    {printable(_lines(braces, found.answer.plan.made.file))}"
    if len(found.braces) > MOST_BRACES:
        yield f"    and {len(found.braces) - MOST_BRACES} more (--json has all)"


def room_text(found: Suggestion) -> str:
    """Of a network that does not fit: a split with which it does."""
    plan = found.answer.plan
    most = max(_memory(stage)[-1] for stage in plan.stages)
    ways = _ways(len(plan.stages), plan.replicas, found.mesh.size)
    fits = f"with a `split` it fits, as {ways}, {binary(most)} on a device, {duration(plan.step_seconds)} a step:"
    return "\n".join((fits, *written(found)))


def _lines(braces: Braces, file: str) -> str:
    several = braces.last > braces.first
    text = f"lines {braces.first} to {braces.last}" if several else f"line {braces.first}"
    if braces.file != file:
        text += f" of {braces.file}"
    if braces.exchanges:
        *first, last = map(str, braces.exchanges)
        before = f"lines {', '.join(first)} and {last}" if first else f"line {last}"
        text += f", with an `exchange` before the layer{'s' if first else ''} of {before}"
    return text


def duration(seconds: float) -> str:
    """`36.5 ms`: three digits."""
    for unit, factor in (("s", 1.0), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 0.9995:
            number = seconds * factor
            digits = 2 if number < 9.995 else 1 if number < 99.95 else 0
            return f"{number:,.{digits}f} {unit}"
    return f"{seconds * 1e9:.1f} ns"


def _decimal(number: int) -> str:
    """`20 T`, `16 G`."""
    for prefix, factor in (("P", 10**15), ("T", 10**12), ("G", 10**9), ("M", 10**6), ("k", 10**3)):
        if number >= factor:
            return f"{number / factor:.4g} {prefix}"
    return f"{number} "
