"""What `compile -o FILE` writes, by the file's suffix."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl.cli.console import err
from archdsl.formats import SUFFIXES, ExportError, content, suffix_of
from archdsl.ir.graph import Program
from archdsl.reading import refusal

if TYPE_CHECKING:
    from torch import nn


def known_suffix(path: str) -> str:
    """The suffix of a file to be written. Raises `Refusal` where it stands for no form."""
    suffix = suffix_of(path)
    if suffix not in SUFFIXES:
        from archdsl.errors.files import UnknownSuffix

        raise refusal(UnknownSuffix(suffix or path, ", ".join(SUFFIXES)), path)
    return suffix


def file_content(program: Program, path: str, suffix: str, seed: int) -> bytes:
    """The file's content. Raises `Refusal` where torch or ONNX can't write it."""
    from archdsl.api import TooLarge

    try:
        made = content(program, suffix, lambda: _built(program, seed))
    except (ExportError, TooLarge) as problem:
        from archdsl.errors.files import ExportFailed

        raise refusal(ExportFailed(path, str(problem)), path) from None
    for name, size in made.fixed.items():
        err(f"note: {name} is fixed at {size}: ONNX has no adaptive pool for a size that is free")
    return made.data


def _built(program: Program, seed: int) -> nn.Module:
    import torch

    from archdsl.api import build

    torch.manual_seed(seed)  # pyright: ignore[reportUnknownMemberType]
    return build(program)
