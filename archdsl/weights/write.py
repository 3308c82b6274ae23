"""Tensors into a file that carries its spec, whole or not at all."""

from __future__ import annotations

from collections.abc import Mapping

from safetensors import SafetensorError
from safetensors.torch import save_file  # type: ignore[reportUnknownVariableType]
from torch import Tensor, nn

from archdsl.reading import refusal
from archdsl.weights.origin import Origin
from archdsl.weights.read import read_tensors
from archdsl.weights.report import Report
from archdsl.writing import replacing


def write_module(module: nn.Module, path: str, origin: Origin) -> None:
    """Write a module's state dict. A tensor with two names stands in the file once, under the first of them.

    Raises:
        Refusal: the file can't be written, or the module is on "meta"; a file that was there stays as it was.
    """
    from archdsl.errors.weights import NoMemoryBehind

    tensors: dict[str, Tensor] = {}
    seen: set[int] = set()
    for key, tensor in module.state_dict(keep_vars=True).items():
        if tensor.is_meta:
            raise refusal(NoMemoryBehind(path, key), path)
        if id(tensor) not in seen:
            seen.add(id(tensor))
            tensors[key] = tensor.detach()
    _write(tensors, path, origin)


def write_converted(report: Report, path: str, origin: Origin) -> None:
    """Write what the report has as loaded, under the network's names and with its spec; the numbers stay as they are.

    Raises:
        Refusal: the one file can't be read any more, or the other not be written.
    """
    found = read_tensors(report)
    _write({pair.wanted.key: found[pair.wanted.key] for pair in report.loaded if not pair.wanted.tied}, path, origin)


def _write(tensors: Mapping[str, Tensor], path: str, origin: Origin) -> None:
    from archdsl.errors.files import FileUnwritable

    apart = {key: _apart(tensor) for key, tensor in tensors.items()}
    with replacing(path) as beside:
        try:
            save_file(apart, beside, metadata={"format": "pt", **origin.metadata()})
        except SafetensorError as problem:
            raise refusal(FileUnwritable(path, str(problem)), path) from None


def _apart(tensor: Tensor) -> Tensor:
    """The tensor itself, or a copy if it is a view of another's memory: the library refuses those."""
    own = tensor.untyped_storage().nbytes() == tensor.numel() * tensor.element_size()
    return tensor if own and tensor.is_contiguous() else tensor.contiguous().clone()
