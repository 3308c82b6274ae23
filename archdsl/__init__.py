"""archdsl: an architecture-description language for neural networks and its compiler to PyTorch.

    model = archdsl.load("specs/resnet.arch", variant="resnet50")

Importing archdsl loads neither torch nor the compiler; both come with the first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from archdsl.version import VERSION as __version__

if TYPE_CHECKING:
    from archdsl.api import TooLarge, check, compile, export, load, loads, program
    from archdsl.devices.error import DevicesError
    from archdsl.devices.spmd import whole_state_dict
    from archdsl.diagnostic import CompileError
    from archdsl.formats import ExportError
    from archdsl.weights.error import WeightsError
    from archdsl.weights.loading import load_weights, save

__all__ = [
    "CompileError",
    "DevicesError",
    "ExportError",
    "TooLarge",
    "WeightsError",
    "__version__",
    "check",
    "compile",
    "export",
    "load",
    "load_weights",
    "loads",
    "program",
    "save",
    "whole_state_dict",
]

_HOMES = {
    "CompileError": "archdsl.diagnostic",
    "DevicesError": "archdsl.devices.error",
    "ExportError": "archdsl.formats",
    "TooLarge": "archdsl.api",
    "WeightsError": "archdsl.weights.error",
    "check": "archdsl.api",
    "compile": "archdsl.api",
    "export": "archdsl.api",
    "load": "archdsl.api",
    "load_weights": "archdsl.weights.loading",
    "loads": "archdsl.api",
    "program": "archdsl.api",
    "save": "archdsl.weights.loading",
    "whole_state_dict": "archdsl.devices.spmd",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(home), name)
    return value


def __dir__() -> list[str]:
    return __all__
