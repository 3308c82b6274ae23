"""Checkpoints of a run on several devices, by `torch.distributed.checkpoint`: published whole, or not at all.

    folder/step-00000120/     tensors under the whole network's keys, whatever layout wrote them
               run.json       what the run says of itself: step, spec, losses
    folder/latest             the name of the last one that is whole

A save goes to `step-N.tmp`. When every process has written and synced its part, the first one renames the folder, then
replaces `latest`. A crash at any point leaves the one published before as it was.

Its index is a pickle, as torch writes it: a folder of checkpoints is trusted as code is.
"""

from __future__ import annotations

import json
import os
import shutil
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any, TypeVar, cast

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.checkpoint.api import CheckpointException
from torch.distributed.checkpoint.filesystem import FileSystemReader, FileSystemWriter
from torch.distributed.checkpoint.metadata import TensorStorageMetadata
from torch.distributed.checkpoint.state_dict_loader import load  # pyright: ignore[reportUnknownVariableType]
from torch.distributed.checkpoint.state_dict_saver import save  # pyright: ignore[reportUnknownVariableType]

from archdsl.devices.local import Part
from archdsl.devices.parts import PartOfTensor
from archdsl.reading import Refusal
from archdsl.record import Record
from archdsl.writing import names_to_disk, write

LATEST = "latest"
RUN = "run.json"
KEPT = 2
"""Published checkpoints that are kept."""


class CheckpointError(Exception):
    """A checkpoint can't be read, written or used here; the message says why."""


class Cut(Record):
    """How this process's tensors are parts of whole ones.

    parts: by the key of a parameter or buffer; absent: it has all of it. What an optimiser keeps for a parameter, under
           "optimizer.KEY.NAME", is cut as the parameter is.
    index: which of the parts it has. Replicas may have the same: one of them saves it.
    """

    parts: Mapping[str, Part]
    index: int


def publish(
    folder: Path, step: int, tensors: Mapping[str, Tensor], told: Mapping[str, Any], cut: Cut | None = None
) -> Path:
    """Save, all processes at once; the folder of the new checkpoint. Raises `CheckpointError`."""
    name = f"step-{step:08}"
    beside, target = folder / f"{name}.tmp", folder / name
    if latest(folder) == target:
        return target
    if _is_first():
        folder.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(beside, ignore_errors=True)
    _wait()
    writer = FileSystemWriter(beside, sync_files=True)
    whole = _global(tensors, cut)
    _said(f"save {target}", lambda: save(whole, storage_writer=writer, no_dist=not dist.is_initialized()))
    _wait()
    if _is_first():
        _said(f"save {target}", lambda: _name(beside, target, {"step": step, **told}))
        _forget(folder, name)
    _wait()
    return target


def _name(beside: Path, target: Path, told: Mapping[str, Any]) -> None:
    """What is written and synced gets its name, and becomes the latest."""
    write(str(beside / RUN), json.dumps(told).encode())
    shutil.rmtree(target, ignore_errors=True)
    os.rename(beside, target)
    names_to_disk(str(target.parent))
    write(str(target.parent / LATEST), target.name.encode())


def latest(folder: Path) -> Path | None:
    """The last checkpoint that was published; None if there is none. Raises `CheckpointError` where it is gone."""
    try:
        name = (folder / LATEST).read_text(errors="replace").strip()
    except FileNotFoundError:
        return None
    if not name or not (folder / name / RUN).exists():
        mend = "write the name of one into it, or delete it to begin anew"
        raise CheckpointError(f"{folder / LATEST} names no checkpoint, but {name[:40]!r}: {mend}")
    return folder / name


def told(checkpoint: Path) -> dict[str, Any]:
    """What the run that wrote it said of itself. Raises `CheckpointError`."""
    try:
        found = json.loads((checkpoint / RUN).read_text())
    except (OSError, ValueError) as problem:
        raise CheckpointError(f"{checkpoint / RUN} can't be read: {problem}") from None
    if not isinstance(found, dict):
        raise CheckpointError(f"{checkpoint / RUN} is no object of JSON")
    return cast("dict[str, Any]", found)


def restore(checkpoint: Path, tensors: Mapping[str, Tensor], cut: Cut | None = None) -> None:
    """Fill these tensors, each a whole one or this process's part, by their keys. The layout need not be the writer's.

    All processes do so at once. Raises `CheckpointError` where a key is missing or has another shape.
    """
    reader = FileSystemReader(checkpoint)
    stored = _said(f"read {checkpoint}", reader.read_metadata).state_dict_metadata
    wanted = _global(tensors, cut)
    for key, tensor in wanted.items():
        found = stored.get(key)
        if not isinstance(found, TensorStorageMetadata):
            raise CheckpointError(f"{checkpoint} has no {key}")
        if tuple(found.size) != tuple(tensor.shape):
            raise CheckpointError(f"{key} is {list(found.size)} in {checkpoint}, but {list(tensor.shape)} is wanted")
    _said(f"read {checkpoint}", lambda: load(wanted, storage_reader=reader, no_dist=not dist.is_initialized()))


def stored(checkpoint: Path) -> dict[str, torch.dtype]:
    """The keys of the tensors that it has, and their dtypes."""
    found = _said(f"read {checkpoint}", FileSystemReader(checkpoint).read_metadata).state_dict_metadata
    return {key: each.properties.dtype for key, each in found.items() if isinstance(each, TensorStorageMetadata)}


def _global(tensors: Mapping[str, Tensor], cut: Cut | None) -> dict[str, Any]:
    """Parts as what torch knows to be parts: under one name, plain tensors of several processes would be merged."""
    if cut is None:
        return dict(tensors)
    return {
        key: PartOfTensor(tensor, part.axis, part.sizes, cut.index) if (part := _part_of(key, tensor, cut)) else tensor
        for key, tensor in tensors.items()
    }


def _part_of(key: str, tensor: Tensor, cut: Cut) -> Part | None:
    kind, _, name = key.partition(".")
    if kind == "optimizer":
        name = name.rpartition(".")[0]
    part = cut.parts.get(name)
    return part if part is not None and tensor.dim() > part.axis else None


T = TypeVar("T")


def _said(what: str, do: Callable[[], T]) -> T:
    """What torch raises here is no `Exception`; and in a single process it warns that there is one."""
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "torch.distributed is disabled")
            return do()
    except (CheckpointException, Refusal, OSError, EOFError, UnpicklingError) as problem:
        raise CheckpointError(f"torch could not {what}: {_in_brief(problem)}") from problem


def _in_brief(problem: BaseException) -> str:
    """Torch's has the tracebacks of all processes in it."""
    if isinstance(problem, CheckpointException):
        rank, (problem, _) = next(iter(problem.failures.items()))
        return f"on rank {rank}, {type(problem).__name__} {problem}".rstrip()
    return str(problem) or type(problem).__name__


def _is_first() -> bool:
    return not dist.is_initialized() or dist.get_rank() == 0


def _wait() -> None:
    if dist.is_initialized():
        dist.barrier()


def _forget(folder: Path, last: str) -> None:
    """Delete checkpoints but the last ones, and what crashes left."""
    published = sorted(path for path in folder.glob("step-*") if path.suffix != ".tmp" and path.name <= last)
    for path in [*published[:-KEPT], *folder.glob("step-*.tmp")]:
        shutil.rmtree(path, ignore_errors=True)
