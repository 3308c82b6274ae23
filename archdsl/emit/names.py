"""Names for the emitted module: what the spec says, where Python and the module's other names allow it."""

from __future__ import annotations

import builtins
import keyword
import re

IMPORTED = {
    "AbstractContextManager", "Callable", "ClassVar", "F", "Generator", "NamedTuple", "Tensor", "checkpoint",
    "contextmanager", "math", "nn", "nullcontext", "torch",
}  # fmt: skip
"""What an emitted module may import."""

OWN = {
    "CeilConv2d": "conv",
    "ConnectedConv": "conv",
    "Bias": "scale",
    "GroupedLinear": "dense",
    "GroupedLocalResponseNorm": "norm",
    "MultiheadAttention": "attention",
    "Scale": "scale",
    "UnevenGroups": "groups",
}
"""Classes that an emitted module may have for ops that torch.nn has none for -> their files in `classes/`."""

FUNCTIONS = ("kept_buffers", "recomputed")
"""Functions that an emitted module may have, in `classes/checkpoint.py`."""

TAKEN = (
    IMPORTED | set(OWN) | set(FUNCTIONS) | set(dir(builtins)) | set(keyword.kwlist) | set(keyword.softkwlist) | {"self"}
)
"""Names that mean something else in an emitted module."""

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def is_attribute(label: str) -> bool:
    """Whether `self.label` says what `add_module("label", ...)` does: a label may hold a dash, and `__x` is mangled."""
    return bool(_IDENTIFIER.fullmatch(label)) and not label.startswith("__") and not keyword.iskeyword(label)


def class_name(word: str, fallback: str) -> str:
    """A name of the spec in CamelCase: `conv_bn` -> `ConvBn`."""
    parts = [part for part in re.split(r"[^A-Za-z0-9]+", word) if part]
    name = "".join(part[0].upper() + part[1:] for part in parts)
    if not name:
        return fallback
    if name[0].isdigit():
        return fallback + name
    return name + fallback if name in TAKEN else name


def shared(words: list[str]) -> str:
    """What several labels have in common: `layer` of `layer1` and `layer2`."""
    if len(set(words)) == 1:
        return words[0]
    first, last = min(words), max(words)
    same = next((i for i, (a, b) in enumerate(zip(first, last)) if a != b), len(first))
    return re.sub(r"[^A-Za-z]+$", "", first[:same])


def variable(word: str, fallback: str = "value") -> str:
    """A name of the spec as a Python variable: `class` -> `class_`."""
    name = re.sub(r"[^A-Za-z0-9_]", "_", word).lstrip("_")
    if not name or name[0].isdigit():
        name = fallback + name
    return name + "_" if name in TAKEN else name


class Names:
    """Hands out each name once."""

    def __init__(self, taken: set[str] | None = None) -> None:
        self._taken = set(taken or ())

    def has(self, name: str) -> bool:
        return name in self._taken

    def take(self, wanted: str) -> str:
        """The wanted name, or the first free one of `wanted2`, `wanted3`, ..."""
        name, number = wanted, 1
        while name in self._taken:
            number += 1
            name = f"{wanted}{number}"
        self._taken.add(name)
        return name
