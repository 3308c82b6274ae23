"""The Python API: a spec becomes a module by the path that `archdsl compile` takes, and its source is run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from archdsl.budget import Limits
from archdsl.compiler import Importer
from archdsl.compiler import check as check_source
from archdsl.diagnostic import CompileError, Diagnostic
from archdsl.emit import emit, network_class
from archdsl.emit.layout import shown_file
from archdsl.ir.bodies import bodies_first
from archdsl.ir.graph import Program
from archdsl.reading import Refusal, importer, read
from archdsl.source import Source

if TYPE_CHECKING:
    import torch
    from torch import nn
    from torch.distributed.device_mesh import DeviceMesh


class TooLarge(MemoryError):
    """A network that does not fit in the memory it may use. Nothing was allocated."""


def load(
    path: str | os.PathLike[str],
    variant: str | None = None,
    *,
    device: torch.device | str | None = None,
    mesh: DeviceMesh | None = None,
    devices: Sequence[torch.device | str] | None = None,
    plan: str | os.PathLike[str] | None = None,
    dtype: torch.dtype | None = None,
    max_bytes: int | None = None,
    weights: str | os.PathLike[str] | None = None,
    without: str | Sequence[str] = (),
    strict: bool = True,
    **params: object,
) -> nn.Module:
    """Build the network of a spec.

    variant:   a variant or network of the file; None: its network, with its defaults; of several
               the one that is called as the file is.
    params:    parameters of the network: numbers, booleans, strings, lists; for one that is a step, a string that is
               an expression of the language ("bn(eps=0.001)"). With any, `expect` clauses are skipped.
    max_bytes: what its parameters and buffers may take; None: the memory that is free. "meta" devices need none.

    weights:   a safetensors file; its numbers are loaded, as `load_weights` does with `without` and `strict`. What it
               reports goes to the logger "archdsl": as a warning if there is more to say than that all was loaded.

    mesh:      the processes that run it together, each of which calls `load` and gets its part of the network: the axis
               that is named as the spec's `mesh` divides the network, others the batch. See docs/devices.md.
    devices:   one for each of the spec's `mesh`: the network is divided over them, in this process.
    plan:      a file of `archdsl plan`: the module is the stage that this process has, with the whole network's keys
               and weights. It takes what the stage before it returns. Ranks count the devices of a split, then stages,
               then replicas.

    The weights are drawn on the CPU, in float32 and in textual order, then moved: one seed gives one network.

    Raises:
        CompileError: the spec has mistakes, all of which are in it; or the plan is another network's.
        DevicesError: it can't be run on that `mesh`, or on those `devices`.
        ValueError: the plan is for another number of processes; or several of `mesh`, `devices` and `plan` are given,
            or `devices` and `device`.
        TooLarge: it needs more than `max_bytes`.
        WeightsError: the file can't be read or doesn't fit; nothing was built.
    """
    checked = program(path, variant, **params)
    return _Building(checked, weights, without, strict, max_bytes).build_where(plan, mesh, devices, device, dtype)


def loads(
    text: str,
    variant: str | None = None,
    *,
    name: str = "<string>",
    device: torch.device | str | None = None,
    mesh: DeviceMesh | None = None,
    devices: Sequence[torch.device | str] | None = None,
    dtype: torch.dtype | None = None,
    max_bytes: int | None = None,
    weights: str | os.PathLike[str] | None = None,
    without: str | Sequence[str] = (),
    strict: bool = True,
    **params: object,
) -> nn.Module:
    """Build the network of a spec given as text, as `load` does. `name` is what messages call it; it can't import."""
    checked = _checked(Source(name, text), variant, params, None)
    return _Building(checked, weights, without, strict, max_bytes).build_where(None, mesh, devices, device, dtype)


def compile(path: str | os.PathLike[str], variant: str | None = None, **params: object) -> str:
    """The source of the Python module that `load` runs. Raises `CompileError`."""
    return emit(program(path, variant, **params))


def export(
    path: str | os.PathLike[str],
    file: str | os.PathLike[str],
    variant: str | None = None,
    *,
    module: nn.Module | None = None,
    **params: object,
) -> None:
    """Write the network of a spec to `file`: .py, .json, .onnx, .onnxtxt or .pt2. The file is whole, or not touched.

    module: the network as built by `load` with the same arguments, with the weights to write; None: a new one. It is
            written in eval mode; sizes that the spec leaves free stay free where the form allows it.

    Raises:
        CompileError: the spec has mistakes, or the file can't be written.
        ExportError: torch or ONNX has no equivalent, or a package is missing; the suffix is none of these.
    """
    from archdsl.formats import SUFFIXES, ExportError, content, suffix_of
    from archdsl.writing import write

    suffix = suffix_of(os.fspath(file))
    if suffix not in SUFFIXES:
        raise ExportError(f"nothing is written as {suffix!r}; choose one of {', '.join(SUFFIXES)}")
    checked = program(path, variant, **params)
    made = content(checked, suffix, lambda: build(checked) if module is None else module)
    try:
        write(os.fspath(file), made.data)
    except Refusal as refused:
        raise CompileError(refused.diagnostics) from None


def check(path: str | os.PathLike[str], variant: str | None = None, **params: object) -> tuple[Diagnostic, ...]:
    """What is wrong with a spec: errors and warnings, in the order of the text."""
    try:
        source, reader = _read(path)
    except CompileError as refused:
        return refused.diagnostics
    return check_source(source, variant, params, importer=reader).diagnostics


def build(
    program: Program,
    *,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    max_bytes: int | None = None,
) -> nn.Module:
    """Build a checked network. Raises `TooLarge`."""
    import torch

    from archdsl.generated import run
    from archdsl.weights.origin import Origin, mark

    on_meta = device is not None and torch.device(device).type == "meta"
    if not on_meta:
        _mind_memory(program, max_bytes)
    network = getattr(run(emit(program), program.title, _specs(program)), network_class(program))
    if on_meta:
        with torch.device("meta"):
            module = network().to(dtype=dtype)
    else:
        module = network()
    mark(module, Origin.of_program(program))
    return module if device is None and dtype is None else module.to(device=device, dtype=dtype)


class _Building:
    """A checked network that is to be built, and the weights that are to be loaded, where a file is named."""

    def __init__(
        self,
        program: Program,
        weights: str | os.PathLike[str] | None,
        without: str | Sequence[str],
        strict: bool,
        max_bytes: int | None,
    ) -> None:
        self.program = program
        self.weights = weights
        self.without = without
        self.strict = strict
        self.max_bytes = max_bytes

    @property
    def drawn(self) -> bool:
        """Whether weights are drawn at random."""
        return self.weights is None or bool(self.without)

    def build(self, device: torch.device | str | None = None, dtype: torch.dtype | None = None) -> nn.Module:
        """On one device. What doesn't fit is refused before anything is built."""
        if self.weights is None:
            return build(self.program, device=device, dtype=dtype, max_bytes=self.max_bytes)
        from archdsl.weights.loading import finish, prepare

        report = prepare(self.program, self.weights, self.without, self.strict)
        module = build(self.program, device=device, dtype=dtype, max_bytes=self.max_bytes)
        finish(module, report)
        return module

    def build_where(
        self,
        plan: str | os.PathLike[str] | None,
        mesh: DeviceMesh | None,
        devices: Sequence[torch.device | str] | None,
        device: torch.device | str | None,
        dtype: torch.dtype | None,
    ) -> nn.Module:
        """On one device, by the processes of a plan or a mesh, or on several devices of this process."""
        _need_one(plan=plan, mesh=mesh, devices=devices)
        if plan is not None:
            return self.build_stage(os.fspath(plan), device, dtype)
        if mesh is not None:
            return self.build_on_mesh(mesh, device, dtype)
        if devices is not None:
            _need_one(device=device, devices=devices)
            return self.build_on_devices(devices, dtype)
        return self.build(device, dtype)

    def build_stage(self, plan: str, device: torch.device | str | None, dtype: torch.dtype | None) -> nn.Module:
        """Of a plan, the stage of this process."""
        from archdsl.devices.planned import planned

        return planned(self.program, plan, self.build, drawn=self.drawn, device=device, dtype=dtype)

    def build_on_mesh(
        self, mesh: DeviceMesh, device: torch.device | str | None, dtype: torch.dtype | None
    ) -> nn.Module:
        """This process's part."""
        from archdsl.devices.spmd import on_mesh

        return on_mesh(self.program, mesh, self.build, drawn=self.drawn, device=device, dtype=dtype)

    def build_on_devices(self, devices: Sequence[torch.device | str], dtype: torch.dtype | None) -> nn.Module:
        """Its parts, in this process."""
        from archdsl.devices.one_process import on_devices

        return on_devices(self.program, devices, self.build, dtype=dtype)


def _need_one(**given: object) -> None:
    """Refuse several answers to the question where a network is to run."""
    if len(names := [f"{name}=" for name, value in given.items() if value is not None]) > 1:
        raise ValueError(f"{' and '.join(names)} each say where the network is to run; give one of them")


def program(path: str | os.PathLike[str], variant: str | None = None, **params: object) -> Program:
    """The checked network that `load` builds: its graph and sizes, for `archdsl.cost`. Raises `CompileError`."""
    source, reader = _read(path)
    return _checked(source, variant, params, reader)


def _read(path: str | os.PathLike[str]) -> tuple[Source, Importer]:
    limits = Limits()
    try:
        source = read(os.fspath(path), limits)
    except Refusal as refused:
        raise CompileError(refused.diagnostics) from None
    return source, importer(source, limits)


def _checked(source: Source, variant: str | None, params: Mapping[str, object], reader: Importer | None) -> Program:
    checked = check_source(source, variant, params, importer=reader)
    if checked.program is None:
        raise CompileError(checked.diagnostics)
    return checked.program


def _specs(program: Program) -> dict[str, Source]:
    """The files that a program's steps are written in, by the names that the emitted comments use."""
    found: dict[str, set[Source]] = {}
    for graph in bodies_first(program.graph):
        found.setdefault(shown_file(graph.span.source.name), set()).add(graph.span.source)
    return {name: next(iter(sources)) for name, sources in found.items() if len(sources) == 1}


def _mind_memory(program: Program, max_bytes: int | None) -> None:
    """Refuse a network before anything is allocated for it."""
    from archdsl.cost import costs_of

    needed = costs_of(program, passes=False).total.state_bytes
    allowed = free_memory() if max_bytes is None else max_bytes
    if allowed is not None and needed > allowed:
        raise TooLarge(
            f"{program.title} needs {_amount(needed)} for its parameters and buffers, and may use {_amount(allowed)}"
            + (" (the free memory)" if max_bytes is None else " (max_bytes)")
        )


def free_memory() -> int | None:
    """Bytes that can still be allocated here; None where the system does not say."""
    try:
        with open("/proc/meminfo", encoding="ascii") as lines:
            for line in lines:
                if line.startswith("MemAvailable:"):
                    return int(line.split()[1]) * 1024
    except (OSError, ValueError):
        pass
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, OSError, ValueError):
        return None


def _amount(size: int) -> str:
    """`3.5 GiB`."""
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1024:
            return f"{amount:.0f} {unit}" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} PiB"
