"""`archdsl traffic`: the bytes that a step of training moves between devices."""

from __future__ import annotations

import sys

import click

from archdsl.cli.console import colored, out
from archdsl.cli.options import Asked, SpecCommand, spec_options, target_argument
from archdsl.cli.session import checked, refusals
from archdsl.reading import refusal


@click.command(cls=SpecCommand)
@target_argument
@click.option("--batch", type=click.IntRange(1, 2**31), default=128, show_default=True, help="Samples in a step.")
@click.option(
    "--backend", type=click.Choice(("gloo", "nccl")), default="gloo", show_default=True,
    help="Of torch.distributed: what carries the bytes.",
)  # fmt: skip
@click.option(
    "--devices", type=click.IntRange(2, 4096), metavar="N",
    help="How many devices, for a spec that speaks of none.  [default: 2]",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print exact figures for programs.")
@spec_options
def command(
    asked: Asked,
    batch: int,
    backend: str,
    devices: int | None,
    as_json: bool,
) -> None:
    """Count the bytes that a training step moves between devices.

    Beside what the spec's `split`, `on` and `stage` move stands what other ways to divide the network would, and for
    which batches each moves the least. See docs/howto/traffic.md.
    """
    program = checked(asked)

    from archdsl.devices.local import NotLocal
    from archdsl.devices.plan.ask import NoPlan, batch_name
    from archdsl.devices.stages import NotStaged
    from archdsl.devices.traffic_report import report

    with refusals(asked.output_format):
        try:
            found = report(program, batch_name(program), batch, backend, devices)
        except NoPlan as none:
            raise refusal(none.error, "traffic") from None
        except (NotLocal, NotStaged) as reason:
            from archdsl.errors.devices import CannotCut

            raise refusal(CannotCut(program.title, str(reason)), program.source.name) from None
    if found.traffic is not None and devices not in (None, found.devices):
        many = f"the spec says on how many devices it runs: {found.devices}"
        raise click.UsageError(f"{many}; --devices is for specs that speak of none")
    if as_json:
        from archdsl.devices.traffic_report import report_json

        out(report_json(found))
    else:
        from archdsl.cli.traffic_text import traffic_text

        out(traffic_text(found, colored(sys.stdout)))
