"""Plan files: JSON as `docs/plan.schema.json` describes it, written with a line for each stage, read strictly."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn, cast

from archdsl.devices.plan.compare import Rival, Turn
from archdsl.devices.plan.machine import Machine
from archdsl.devices.plan.plan import Made, Over, Plan, Stage
from archdsl.devices.plan.suggest import Suggestion
from archdsl.emit.pytorch import mark
from archdsl.ir.graph import Program
from archdsl.reading import opened, reason, refusal
from archdsl.record import Record

FORMAT = "archdsl-plan"
VERSION = 1
"""Of the format; it grows when a reader of the former one would go wrong."""
SUFFIX = ".json"
LARGEST = 8 * 1024 * 1024
"""Bytes of a file that is read: the stages of a network of a hundred thousand steps."""
SCHEDULES = ("1f1b", "gpipe")

Json = dict[str, Any]


def plan_json(plan: Plan, program: Program) -> str:
    """The file's text, ending in a newline: the same for the same plan. It says first what it was made from, so that
    the command knows that it may be written over."""
    return "\n".join(_lines({"generator": mark(program), **document(plan)})) + "\n"


def document(plan: Plan) -> Json:
    """The plan as plain data."""
    return {
        "format": FORMAT,
        "version": VERSION,
        **_fields(plan.made),
        "devices": plan.devices,
        "batch": plan.batch,
        "split": None if plan.split is None else _fields(plan.split),
        "replicas": plan.replicas,
        "microbatches": plan.microbatches,
        "schedule": plan.schedule,
        "machine": _fields(plan.machine),
        "predicted": {
            "step_seconds": plan.step_seconds,
            "reduce_seconds": plan.reduce_seconds,
            "bubble": plan.bubble,
        },
        "stages": [{**_fields(stage), "steps": list(stage.steps)} for stage in plan.stages],
    }


def answer_json(plan: Plan, rivals: Sequence[Rival], turns: Sequence[Turn], suggested: Suggestion | None = None) -> str:
    """The plan for other programs, with what it was compared with."""
    compared = {
        "instead": list(map(_fields, rivals)),
        "other_batches": list(map(_fields, turns)),
        "suggestion": None if suggested is None else _suggestion(suggested),
    }
    return json.dumps({**document(plan), **compared}, indent=2)


def _suggestion(found: Suggestion) -> Json:
    """What to divide, and the plan with it."""
    plan = document(found.answer.plan)
    return {
        "mesh": str(found.mesh),
        "braces": [_fields(braces) for braces in found.braces],
        "same_function": True,
        **{name: plan[name] for name in ("split", "replicas", "microbatches", "predicted", "stages")},
    }


def _fields(record: Record) -> Json:
    return {name: getattr(record, name) for name in record.fields}


def _lines(document: Json) -> Iterator[str]:
    stages = document.pop("stages")
    for number, (key, value) in enumerate(document.items()):
        yield f"{'{' if number == 0 else ' '} {json.dumps(key)}: {json.dumps(value)},"
    yield '  "stages": ['
    for stage in stages:
        yield f"    {json.dumps(stage)}{',' if stage is not stages[-1] else ''}"
    yield "  ]"
    yield "}"


def read_plan(path: str) -> Plan:
    """The plan of a file.

    Raises:
        Refusal: it can't be opened, is no plan, or one of another version.
    """
    from archdsl.errors.devices import NotAPlan
    from archdsl.errors.files import FileUnreadable

    try:
        with opened(path, SUFFIX) as file:
            data = file.read(LARGEST + 1)
    except OSError as problem:
        raise refusal(FileUnreadable(path, reason(problem)), path) from None
    try:
        if len(data) > LARGEST:
            _no(f"it has more than {LARGEST:,} bytes")
        return _plan(_parsed(data), path)
    except _NotOne as why:
        raise refusal(NotAPlan(os.path.basename(path), str(why)), path) from None


class _NotOne(Exception):
    """Why it is no plan."""


def _no(why: str) -> NoReturn:
    raise _NotOne(why)


def _parsed(data: bytes) -> Json:
    def distinct(pairs: list[tuple[str, object]]) -> Json:
        made = dict(pairs)
        if len(made) < len(pairs):
            _no("it names a field twice")
        return made

    def nothing(word: str) -> NoReturn:
        _no(f"{word} is no number")

    def integer(digits: str) -> int:
        return int(digits) if len(digits) <= 20 else _no("a number is too large")

    try:
        found = json.loads(data.decode("utf-8"), object_pairs_hook=distinct, parse_constant=nothing, parse_int=integer)
    except (ValueError, RecursionError):
        _no("it is not JSON")
    return cast("Json", found) if isinstance(found, dict) else _no("it is not a JSON object")


def _plan(found: Json, path: str) -> Plan:
    if found.get("format") != FORMAT:
        _no(f'it does not say `"format": "{FORMAT}"`')
    version = found.get("version")
    if type(version) is int and version != VERSION:
        from archdsl.errors.devices import NewerPlan

        raise refusal(NewerPlan(os.path.basename(path), version, VERSION), path)
    names = ["generator", "format", "version", *Made.fields, "devices", "batch", "split", "replicas"]
    top = _Object(found, "the file", [*names, "microbatches", "schedule", "machine", "predicted", "stages"])
    top.count("version")
    machine = top.object("machine", list(Machine.fields))
    predicted = top.object("predicted", ["step_seconds", "reduce_seconds", "bubble"])
    plan = Plan(
        Made(top.text("network"), top.text("file"), top.text("sha256"), top.texts("params"), top.texts("imports")),
        devices=top.count("devices"),
        batch=top.count("batch"),
        split=_split(top),
        replicas=top.count("replicas"),
        microbatches=top.count("microbatches"),
        schedule=top.word("schedule", SCHEDULES),
        machine=Machine(
            machine.count("flops"),
            machine.count("link"),
            machine.count("memory"),
            machine.word("optimizer", tuple(Machine.OPTIMIZERS)),
        ),
        stages=tuple(_stage(stage, number) for number, stage in enumerate(top.list("stages"))),
        step_seconds=predicted.number("step_seconds"),
        reduce_seconds=predicted.number("reduce_seconds"),
        bubble=predicted.number("bubble"),
    )
    if not plan.stages:
        _no("it has no stages")
    if plan.used > plan.devices:
        over = f" of {plan.width} devices" if plan.split else ""
        _no(f"{len(plan.stages)} stages x {plan.replicas} replicas{over} are more than {plan.devices} devices")
    if plan.batch % (plan.replicas * plan.microbatches):
        _no(f"a batch of {plan.batch} does not divide into {plan.replicas} x {plan.microbatches} microbatches")
    return plan


def _split(top: _Object) -> Over | None:
    if top.fields["split"] is None:
        return None
    split = top.object("split", list(Over.fields))
    return Over(split.text("mesh"), split.count("devices"))


def _stage(found: object, number: int) -> Stage:
    stage = _Object(found, f"stage {number + 1}", list(Stage.fields))
    steps = tuple(stage.list("steps"))
    if not steps or not all(isinstance(step, str) for step in steps):
        _no(f"`steps` of stage {number + 1} are not paths of steps")
    return Stage(
        cast("tuple[str, ...]", steps),
        compute_seconds=stage.number("compute_seconds"),
        split_seconds=stage.number("split_seconds"),
        transfer_seconds=stage.number("transfer_seconds"),
        weight_bytes=stage.whole("weight_bytes"),
        gradient_bytes=stage.whole("gradient_bytes"),
        optimizer_bytes=stage.whole("optimizer_bytes"),
        activation_bytes=stage.whole("activation_bytes"),
        split_bytes=stage.whole("split_bytes"),
        exchanged_bytes=stage.whole("exchanged_bytes"),
        reduced_bytes=stage.whole("reduced_bytes"),
    )


class _Object:
    """A JSON object that has these fields and no others."""

    def __init__(self, found: object, where: str, names: list[str]) -> None:
        self.where = where
        if not isinstance(found, dict):
            _no(f"{where} is not an object")
        self.fields = cast("Json", found)
        for name in names:
            if name not in self.fields:
                _no(f"{where} has no `{name}`")
        for name in self.fields:
            if name not in names:
                _no(f"{where} has a field `{name[:40]}` that no plan has")

    def _take(self, name: str, fine: Callable[[Any], bool], what: str) -> Any:
        value = self.fields[name]
        return value if fine(value) else _no(f"`{name}` of {self.where} is not {what}")

    def text(self, name: str) -> str:
        return self._take(name, lambda value: isinstance(value, str), "a text")

    def texts(self, name: str) -> Mapping[str, str]:
        def fine(value: Any) -> bool:
            return isinstance(value, dict) and all(isinstance(text, str) for text in cast("Json", value).values())

        return self._take(name, fine, "an object of texts")

    def count(self, name: str) -> int:
        return self._take(name, lambda value: type(value) is int and value > 0, "a positive integer")

    def whole(self, name: str) -> int:
        return self._take(name, lambda value: type(value) is int and value >= 0, "an integer from 0 on")

    def number(self, name: str) -> float:
        return float(self._take(name, lambda value: type(value) in (int, float) and value >= 0, "a number from 0 on"))

    def word(self, name: str, words: tuple[str, ...]) -> str:
        return self._take(name, lambda value: value in words, f"one of {', '.join(words)}")

    def list(self, name: str) -> list[object]:
        return self._take(name, lambda value: isinstance(value, list), "a list")

    def object(self, name: str, names: list[str]) -> _Object:
        return _Object(self.fields[name], f"`{name}`", names)
