"""Weights from Python: into modules and out of them."""

from __future__ import annotations

import logging
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

from archdsl.weights.beside import beside
from archdsl.weights.error import weights_errors
from archdsl.weights.header import read_header
from archdsl.weights.match import Choice, match, renamed
from archdsl.weights.origin import origin_of
from archdsl.weights.report import Report

if TYPE_CHECKING:
    from torch import nn

    from archdsl.ir.graph import Program

LOGGER = "archdsl"


def load_weights(
    module: nn.Module,
    path: str | os.PathLike[str],
    *,
    without: str | Sequence[str] = (),
    strict: bool = True,
) -> Report:
    """Load the numbers of a safetensors file into a module, and report what was loaded.

    without: paths that are left as they are, in the module and in the file, with all below them: "fc", ["aux1",
             "aux2"]; with a `*`, the form of whole keys: "*.bias". So a network gets a new head on old weights.
    strict:  every other tensor has to be in both, in the same shape. False: what fits is loaded, and the report says
             what didn't; if nothing fits, that is an error all the same.

    Any module will do; for one that `load` made, the spec's `rename` rules apply to the file's keys. Floating-point
    types are converted to the module's, and reported. Either all that the report calls loaded is, or nothing.

    Raises:
        WeightsError: the file can't be read, or doesn't fit. The module is as it was.
    """
    from archdsl.weights.fill import fill, held

    origin = origin_of(module)
    with weights_errors():
        file = read_header(os.fspath(path))
        network = held(module)
        names = renamed(file, network, origin.renames if origin else ())
        title = origin.target if origin else type(module).__name__
        report = match(file, network, names, _choice(without, strict), title, origin)
        fill(module, report)
    return report


def save(module: nn.Module, path: str | os.PathLike[str]) -> None:
    """Write the weights of a module that `load` made to a safetensors file, with the spec and its hash.

    An existing file is replaced when the new one is complete. A tensor that has two names stands in it once.

    Raises:
        WeightsError: the module wasn't made by `load`, or the file can't be written.
    """
    from archdsl.errors.weights import NoSpecKnown
    from archdsl.reading import refusal
    from archdsl.weights.write import write_module

    origin = origin_of(module)
    with weights_errors():
        if origin is None:
            raise refusal(NoSpecKnown(os.fspath(path), type(module).__name__), os.fspath(path))
        write_module(module, os.fspath(path), origin)


def prepare(program: Program, path: str | os.PathLike[str], without: str | Sequence[str], strict: bool) -> Report:
    """What of a file fits a network that is still to be built. Raises `WeightsError`."""
    with weights_errors():
        return beside(program, os.fspath(path), _choice(without, strict))


def finish(module: nn.Module, report: Report) -> None:
    """Load what a report speaks of into the module that was built, and log it. Raises `WeightsError`."""
    from archdsl.weights.fill import fill

    with weights_errors():
        fill(module, report)
    log = logging.getLogger(LOGGER)
    log.log(logging.INFO if report.plain else logging.WARNING, "%s", report.text())


def _choice(without: str | Sequence[str], strict: bool) -> Choice:
    return Choice((without,) if isinstance(without, str) else tuple(without), strict)
