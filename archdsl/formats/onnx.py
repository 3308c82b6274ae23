"""ONNX: `torch.onnx.export` (dynamo), then names that a reader of the spec knows.

A node is named by its step's path ("layer1.0.conv1"); where a step takes several nodes, or has no module, by the path
of its module and its ONNX operator ("layer1.0/Relu"). Initialisers have the state dict's keys, free sizes the spec's
names. Nothing is fused: every step of the spec stays a node, and runtimes fuse as they load.
"""

from __future__ import annotations

import ast
import logging
import re
from collections import Counter
from collections.abc import Iterator
from importlib import import_module
from math import prod
from typing import TYPE_CHECKING, Any

from archdsl.emit.pytorch import mark
from archdsl.formats import ExportError
from archdsl.formats.program import exported_program, size_names
from archdsl.ir.graph import Graph, Layer, Program, Scope
from archdsl.version import VERSION

if TYPE_CHECKING:
    from onnx import ModelProto
    from torch import nn

OPSET = 23
"""Of ONNX 1.18 and later; what torch.onnx writes without a conversion behind it."""

SHOWN = 16
"""Initialisers of up to so many elements are written out in the text form."""

LARGEST = 2**31 - 1
"""Bytes of one protobuf message."""

_SCOPES = "pkg.torch.onnx.name_scopes"
_STACK = "pkg.torch.onnx.stack_trace"


def onnx_model(program: Program, module: nn.Module) -> tuple[ModelProto, dict[str, int]]:
    """The model, checked by ONNX's own checker, and the free sizes that had to be fixed. Raises `ExportError`."""
    _need_packages()
    fixed = fixed_sizes(program)
    exported = exported_program(program, module, fixed)
    names = size_names(exported, program)
    model = _folded(exported, names)
    _rename_outputs(model, program)
    model.producer_name, model.producer_version = "archdsl", VERSION
    model.doc_string = mark(program)
    model.graph.name = program.title
    proto = _serialized(model)
    if proto.ByteSize() <= LARGEST:
        _check(proto)
    return proto, fixed


def _need_packages() -> None:
    for name in ("onnx", "onnxscript"):
        try:
            import_module(name)
        except ImportError:
            raise ExportError(f"the package {name} is not installed: pip install 'archdsl[onnx]'") from None


def _check(proto: ModelProto) -> None:
    from onnx import checker

    try:
        checker.check_model(proto, full_check=True)  # pyright: ignore[reportUnknownMemberType]
    except Exception as problem:
        raise ExportError(f"ONNX's checker refuses what torch wrote: {str(problem)[:200]}") from problem


def onnx_bytes(model: ModelProto) -> bytes:
    """The file's content. Raises `ExportError` where it is more than one message can be."""
    if model.ByteSize() > LARGEST:
        raise ExportError("the weights take more than the 2 GiB that one ONNX file can hold")
    return model.SerializeToString()


def onnx_text(model: ModelProto) -> str:
    """ONNX's text form. Large initialisers become inputs: their names, types and shapes are told, not their numbers."""
    import onnx

    shown = onnx.ModelProto()
    shown.CopyFrom(model)
    large = [tensor for tensor in shown.graph.initializer if prod(tensor.dims) > SHOWN]
    for tensor in large:
        shown.graph.input.append(onnx.helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims))
        shown.graph.initializer.remove(tensor)
    return f"// {model.doc_string}\n{onnx.printer.to_text(shown)}\n"


def fixed_sizes(program: Program) -> dict[str, int]:
    """The sizes, beside the batch, that can't be free because an op has no ONNX form for them."""
    layers = _layers_in_use(program.graph)
    if not any(layer.op.fixed_in_onnx(*(value.shape for value in layer.inputs)) for layer in layers):
        return {}
    batch = {str(value.shape.dims[0]) for value in program.graph.inputs if value.shape and value.shape.dims}
    return {name: size for name, size in program.nominal.items() if name not in batch}


def _layers_in_use(graph: Graph) -> Iterator[Layer]:
    """What is exported: each body once, and nothing that runs in training only."""
    found = {graph}
    for body in (queue := [graph]):
        for node in body.nodes:
            if body.only_in_training(node):
                continue
            if isinstance(node, Layer):
                yield node
            elif isinstance(node, Scope) and node.graph not in found:
                found.add(node.graph)
                queue.append(node.graph)


def _folded(exported: Any, names: dict[str, str]) -> Any:
    """torch's model, what is constant in it computed, with our names."""
    # These libraries are typed in part only.
    torch_onnx: Any = import_module("torch.onnx")
    passes: Any = import_module("onnx_ir.passes.common")
    optimizer: Any = import_module("onnxscript.optimizer")

    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    try:
        written = torch_onnx.export(exported, dynamo=True, opset_version=OPSET, optimize=False, verbose=False)
    except Exception as problem:  # whatever torch's exporter raises: there is no common class
        raise ExportError(f"torch.onnx: {str(problem).strip().splitlines()[0][:200]}") from problem
    model: Any = written.model
    optimizer.fold_constants(model, onnx_shape_inference=True, input_size_limit=1024)
    optimizer.remove_unused_nodes(model)
    passes.LiftConstantsToInitializersPass(lift_all_constants=True, size_limit=0)(model)
    _rename_nodes(model)
    _rename_sizes(model, names)
    return model


def _rename_nodes(model: Any) -> None:
    nodes = list(model.graph)
    modules = [_module_path(node.metadata_props) for node in nodes]
    alone = Counter(path for path, own in modules if own)
    taken: Counter[str] = Counter()
    for node, (path, own) in zip(nodes, modules):
        name = path if own and alone[path] == 1 else f"{path}/{node.op_type}" if path else node.op_type
        taken[name] += 1
        node.name = name if taken[name] == 1 else f"{name}_{taken[name] - 1}"
        place = _spec_line(node.metadata_props.get(_STACK, ""))
        node.metadata_props.clear()
        if place:
            node.metadata_props["archdsl.spec"] = place
    for value in _values(model):
        value.metadata_props.clear()


def _rename_outputs(model: Any, program: Program) -> None:
    """As the spec names them; `output` where it doesn't."""
    taken = {value.name for value in _values(model)}
    shown = [output for output in program.graph.returns if not output.training]
    for value, name in zip(model.graph.outputs, [output.label or "output" for output in shown] or ["output"]):
        if name not in taken:
            value.name = name


def _module_path(metadata: Any) -> tuple[str, bool]:
    """The path of the module whose forward made a node, and whether it is a module without others in it."""
    scopes: list[str] = ast.literal_eval(metadata.get(_SCOPES, "['', '']"))
    kinds: list[str] = ast.literal_eval(metadata.get("pkg.torch.onnx.class_hierarchy", "['', '']"))
    inner = kinds[len(scopes) - 2] if len(kinds) >= len(scopes) else ""
    path = scopes[-2] if len(scopes) > 1 else ""
    return ("" if path.startswith("_empty") else path), inner.startswith("torch.nn.modules") and bool(path)


def _spec_line(stack: str) -> str:
    """`resnet.arch:18`: generated code stands in the spec's file, as a traceback shows it."""
    found = re.findall(r'File "([^"]+\.arch)", line (\d+)', stack)
    return f"{found[-1][0].rpartition('/')[2]}:{found[-1][1]}" if found else ""


def _values(model: Any) -> Iterator[Any]:
    yield from model.graph.inputs
    yield from model.graph.initializers.values()
    for node in model.graph:
        yield from node.outputs


def _rename_sizes(model: Any, names: dict[str, str]) -> None:
    """The spec's names in the shapes of all values: `N`, `(H - 1)//2 + 1`."""
    import onnx_ir

    if not names:
        return
    symbol = re.compile(r"\b(" + "|".join(map(re.escape, names)) + r")\b")
    for value in _values(model):
        if value.shape is not None:  # replaced, not changed: some are shared by values, and frozen
            value.shape = onnx_ir.Shape([_renamed(dim, symbol, names) for dim in value.shape])


def _renamed(dim: Any, symbol: re.Pattern[str], names: dict[str, str]) -> Any:
    text = getattr(dim, "value", None)
    return symbol.sub(lambda found: names[found[1]], text) if isinstance(text, str) else dim


def _serialized(model: Any) -> ModelProto:
    import onnx_ir

    return onnx_ir.serde.serialize_model(model)
