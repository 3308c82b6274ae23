"""`archdsl plan`: which device computes what."""

from __future__ import annotations

import sys

import click

from archdsl.cli.console import colored, err, out
from archdsl.cli.options import Asked, SpecCommand, force_option, spec_options, target_argument
from archdsl.cli.output import write
from archdsl.cli.session import checked, refusals
from archdsl.devices.plan.machine import FLOPS, LINK, MEMORY, BadAmount, Kind, Machine, amount
from archdsl.diagnostic import Help
from archdsl.reading import refusal
from archdsl.render.terminal import printable


@click.command(cls=SpecCommand)
@target_argument
@click.option("--devices", type=click.IntRange(1, 4096), required=True, metavar="N", help="How many equal devices.")
@click.option("--batch", type=click.IntRange(1, 2**31), required=True, metavar="N", help="Samples in a step.")
@click.option("--flops", default="20T", show_default=True, help="FLOPs a second that a device really does.")
@click.option("--link", default="16GB/s", show_default=True, help="What a device exchanges with a neighbour.")
@click.option("--memory", default="16GB", show_default=True, help="Of a device; GiB is taken too.")
@click.option(
    "--optimizer", type=click.Choice(tuple(Machine.OPTIMIZERS)), default="momentum", show_default=True,
    help="What it keeps counts as memory: nothing, one or two numbers for each trained one.",
)  # fmt: skip
@click.option(
    "--schedule", type=click.Choice(("1f1b", "gpipe")), default="1f1b", show_default=True,
    help="The order of microbatches in a pipeline.",
)  # fmt: skip
@click.option(
    "--microbatches", type=click.IntRange(1, 2**31), metavar="N",
    help="Into how many parts a replica's samples are divided. Default: at least 4 for each stage.",
)  # fmt: skip
@click.option("-o", "--output", metavar="FILE", help="Write the plan to a file.")
@force_option
@click.option("--json", "as_json", is_flag=True, help="Print the plan as it is written to files, with comparisons.")
@spec_options
def command(
    asked: Asked,
    devices: int,
    batch: int,
    flops: str,
    link: str,
    memory: str,
    optimizer: str,
    schedule: str,
    microbatches: int | None,
    output: str | None,
    force: bool,
    as_json: bool,
) -> int:
    """Divide a network into pipeline stages and replicas.

    The plan is the one by which a training step takes the least predicted time. What a step computes does not
    depend on the plan: a `split` in the spec stays as it is, and where another one would pay, that is said. The
    prediction counts FLOPs and bytes; see docs/planning.md.
    """
    with refusals(asked.output_format):
        machine = Machine(_amount(flops, FLOPS), _amount(link, LINK), _amount(memory, MEMORY), optimizer)
    program = checked(asked)

    from archdsl.cli.plan_text import plan_text, room_text
    from archdsl.devices.plan.ask import NoPlan, NoRoom, ask
    from archdsl.devices.plan.choose import Request
    from archdsl.devices.plan.compare import rivals, turns
    from archdsl.devices.plan.file import plan_json
    from archdsl.devices.plan.suggest import suggested, suggestion

    with refusals(asked.output_format):
        try:
            answer = ask(program, Request(devices, batch, machine, schedule, microbatches))
        except NoPlan as none:
            room = suggested(none.network, none.request) if isinstance(none, NoRoom) else None
            raise refusal(none.error, "plan", *([Help(room_text(room))] if room else [])) from None
        if output is not None:
            write(output, plan_json(answer.plan, program).encode(), force=force)
    others = list(rivals(answer.network, answer.request, answer.choice))
    comparable = microbatches is None and answer.exact
    other_batches = list(turns(answer.network, answer.request, answer.choice)) if comparable else []
    better = suggestion(answer) if comparable else None
    if as_json:
        from archdsl.devices.plan.file import answer_json

        out(answer_json(answer.plan, others, other_batches, better))
    else:
        out(plan_text(answer, others, other_batches, better, colored(sys.stdout)))
    if output is not None:
        err(f"wrote {printable(output)}")
    return 0


def _amount(text: str, kind: Kind) -> int:
    """The number behind an option. Raises `Refusal`."""
    try:
        return amount(text, kind)
    except BadAmount as bad:
        raise refusal(bad.error, kind.option) from None
