"""What `archdsl traffic` says: the transfers of a network, and the other ways to divide it."""

from __future__ import annotations

import json
from collections.abc import Mapping

from archdsl.devices.local import group_mesh
from archdsl.devices.traffic import traffic
from archdsl.devices.traffic_amounts import Amount, Move, Traffic
from archdsl.devices.traffic_backends import FACTORS, FRAMES, move_on_wire, on_wire
from archdsl.devices.traffic_schemes import Scheme, schemes
from archdsl.ir.graph import Layer, Program
from archdsl.ir.shares import Mesh
from archdsl.ir.stages import stages_of
from archdsl.record import Record


class Report(Record):
    """Of one network, at one batch, on so many devices; `traffic` is None where it speaks of none.

    layers: what the layers are that transfers come from and go to, by their paths.
    """

    network: str
    file: str
    batch: int
    backend: str
    devices: int
    mesh: Mesh | None
    stages: int
    traffic: Traffic | None
    schemes: tuple[Scheme, ...]
    layers: Mapping[str, str]


def report(program: Program, batch_name: str, batch: int, backend: str, devices: int | None = None) -> Report:
    """Count a network's transfers. Raises `NotLocal`, `NotStaged`."""
    mesh, stages = group_mesh(program), len(stages_of(program.graph))
    moved = None if mesh is None and not stages else traffic(program, batch_name)
    many = moved.devices if moved is not None else devices or 2
    others = schemes(program, moved, many, batch_name)
    layers = {".".join(path): node.op.name for path, node, _ in program.graph.walk() if isinstance(node, Layer)}
    return Report(program.title, program.source.name, batch, backend, many, mesh, stages, moved, others, layers)


def report_json(report: Report) -> str:
    """Exact figures; bytes unless said otherwise, summed over all devices."""
    document: dict[str, object] = {
        "network": report.network,
        "file": report.file,
        "mesh": None if report.mesh is None else str(report.mesh),
        "stages": report.stages or None,
        "devices": report.devices,
        "batch": report.batch,
    }
    if (moved := report.traffic) is not None:
        document["transfers"] = [_move_json(move, moved, report) for move in moved.moves]
        document["forward"] = _amount_json(moved.forward, report.batch)
        document["backward"] = _amount_json(moved.backward, report.batch)
        document["total"] = _amount_json(moved.total, report.batch)
        document["results"] = _amount_json(moved.results, report.batch)
        document["backend"] = {
            "name": report.backend,
            "factors": {kind: float(factor) for kind, factor in FACTORS[report.backend].items()},
            "framing": float(FRAMES[report.backend][0]),
            "bytes": on_wire(moved, report.backend, report.batch),
        }
    document["schemes"] = [
        {
            "name": scheme.name,
            **_amount_json(scheme.moved, report.batch),
            "equal_at_batch": None if scheme.equal is None else float(scheme.equal),
            "least_from_batch": scheme.first,
            "least_to_batch": scheme.last,
        }
        for scheme in report.schemes
    ]
    return json.dumps(document, indent=2)


def _move_json(move: Move, moved: Traffic, report: Report) -> dict[str, object]:
    return {
        "kind": move.kind,
        "path": move.path,
        "file": move.span.source.name if move.span else None,
        "line": move.span.line if move.span else None,
        "from": move.source,
        "to": move.reader,
        "values": {"a_step": move.values.step, "a_sample": move.values.sample},
        "forward": {"a_step": move.forward.step, "a_sample": move.forward.sample, "by": move.by_forward},
        "backward": {"a_step": move.backward.step, "a_sample": move.backward.sample, "by": move.by_backward},
        "on_backend": move_on_wire(move, moved.among(move), report.backend, report.batch),
    }


def _amount_json(amount: Amount, batch: int) -> dict[str, int]:
    return {"a_step": amount.step, "a_sample": amount.sample, "at_batch": amount.at(batch)}
