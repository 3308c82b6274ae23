"""`archdsl.run` in float64: what it computes is then told apart from how it is rounded."""

from __future__ import annotations

import torch

from archdsl.run import digits
from archdsl.run.__main__ import command

load = digits.load


def in_double(channels: int, height: int, width: int, folder: str | None = None) -> digits.Digits:
    found = load(channels, height, width, folder)
    return digits.Digits(*(digits.Split(split.images.double(), split.classes) for split in found))


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    digits.load = in_double
    command(prog_name="archdsl.run")
