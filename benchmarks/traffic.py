"""AlexNet of 2012 in two real processes over gloo: the bytes that they hand to torch, and those on the interface.

Where the system lets it (`unshare --net`), the processes have a loopback interface that nothing else uses.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from benchmarks.measure import Row

BATCHES = (1, 8, 32)
STEPS = 2
ALONE = ("unshare", "--user", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh")


def run() -> Iterator[Row]:
    alone = shutil.which("unshare") and subprocess.run([*ALONE, "true"], check=False).returncode == 0
    command = [*(ALONE if alone else ()), sys.executable, "-m", "benchmarks.traffic"]
    found: list[dict[str, Any]] = json.loads(subprocess.check_output(command))
    for each in found:
        name = f"AlexNet on 2 devices, batch {each['batch']}"
        apart = abs(each["sent"] / each["counted"] - 1)
        yield Row(
            f"{name}: bytes of a step handed to torch, against the closed form",
            f"{each['sent']:,} against {each['counted']:,}",
            "within 0.5%",
            apart <= 0.005,
        )
        ratio = each["interface"] / each["wire"]
        yield Row(
            f"{name}: bytes on the loopback interface, against those predicted for gloo",
            f"{each['interface']:,.0f} against {each['wire']:,}: {ratio:.4f}",
            "within 0.5%" if alone else "within 0.5%, on an interface of its own",
            abs(ratio - 1) <= 0.005,
        )


def main() -> None:
    """Measure, and print the figures as JSON."""
    from archdsl import api
    from archdsl.devices.traffic import traffic
    from archdsl.devices.traffic_backends import on_wire
    from tests.devices.measuring import Job, measured
    from tests.devices.traffic_specs import ALEXNET

    with tempfile.TemporaryDirectory() as folder:
        spec = Path(folder) / "alexnet.arch"
        spec.write_text(ALEXNET)
        counted = traffic(api.program(spec), "N")
        jobs = [Job(spec, 2, batch, STEPS) for batch in BATCHES]
        found = [
            {
                "batch": job.batch,
                "counted": counted.total.at(job.batch),
                "sent": int(each.total),
                "interface": each.interface - each.idle,
                "wire": on_wire(counted, "gloo", job.batch),
            }
            for job, each in zip(jobs, measured(*jobs))
        ]
    print(json.dumps(found))


if __name__ == "__main__":
    main()
