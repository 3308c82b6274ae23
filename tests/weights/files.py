"""Safetensors files, put together byte by byte, so that they can be wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any


def entry(shape: list[Any], begins: int, ends: int, dtype: str = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [begins, ends]}


def packed(header: str | bytes, data: bytes = b"", length: int | None = None) -> bytes:
    """A file of that header; `length` is what it says of the header's."""
    text = header if isinstance(header, bytes) else header.encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def put(path: Path, header: object, data: bytes = b"") -> str:
    """Write a file of that header, as JSON; its name."""
    path.write_bytes(packed(json.dumps(header), data))
    return str(path)
