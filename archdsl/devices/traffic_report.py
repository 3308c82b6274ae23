"""What `archdsl traffic` says: the transfers of a network, and the other ways to divide it."""

from __future__ import annotations

import json

from archdsl.devices.local import group_mesh
from archdsl.devices.traffic import Amount, Move, Traffic, traffic
from archdsl.devices.traffic_backends import FACTORS, FRAMES, on_wire
from archdsl.devices.traffic_schemes import Scheme, schemes
from archdsl.ir.graph import Program
from archdsl.ir.shares import Mesh
from archdsl.record import Record


class Report(Record):
    """Of one network, at one batch. `mesh` and `traffic` are None where it speaks of no devices."""

    network: str
    file: str
    batch: int
    backend: str
    devices: int
    mesh: Mesh | None
    traffic: Traffic | None
    schemes: tuple[Scheme, ...]


def report(program: Program, batch_name: str, batch: int, backend: str, devices: int | None = None) -> Report:
    """Count a network's transfers. Raises `NotLocal`."""
    mesh = group_mesh(program)
    moved = None if mesh is None else traffic(program, batch_name)
    many = mesh.size if mesh is not None else devices or 2
    others = schemes(program, moved, many, batch_name)
    return Report(program.title, program.source.name, batch, backend, many, mesh, moved, others)


def report_json(report: Report) -> str:
    """Exact figures; bytes unless said otherwise, summed over all devices."""
    document: dict[str, object] = {
        "network": report.network,
        "file": report.file,
        "mesh": None if report.mesh is None else str(report.mesh),
        "devices": report.devices,
        "batch": report.batch,
    }
    if (moved := report.traffic) is not None:
        document["transfers"] = [_move_json(move) for move in moved.moves]
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


def _move_json(move: Move) -> dict[str, object]:
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
    }


def _amount_json(amount: Amount, batch: int) -> dict[str, int]:
    return {"a_step": amount.step, "a_sample": amount.sample, "at_batch": amount.at(batch)}
