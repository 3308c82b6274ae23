"""What of a weight file fits a network: the facts, and how they are told."""

from __future__ import annotations

from typing import Any

from archdsl.diagnostic import Diagnostic, Error
from archdsl.reading import Refusal
from archdsl.record import Record
from archdsl.render.terminal import printable
from archdsl.source import Source, Span
from archdsl.weights.header import Stored


class Wanted(Record):
    """A tensor of the network. `tied`: the key of the tensor that this is a second name of; "" for one of its own."""

    key: str
    shape: tuple[int, ...]
    dtype: str
    tied: str = ""


class Pair(Record):
    """A tensor of the network, and what the file has for it."""

    wanted: Wanted
    stored: Stored

    @property
    def renamed(self) -> bool:
        return self.stored.key != self.wanted.key and not self.wanted.tied

    @property
    def converted(self) -> bool:
        return self.stored.dtype != self.wanted.dtype


class Report(Record):
    """What of a weight file fits a network.

    path:        the file.
    network:     what the network is called.
    loaded:      tensors that the file has, in the network's order; renamed and converted ones too.
    missing:     tensors of the network that the file has not.
    mismatched:  tensors that the file has in another shape, or in a type that can't be converted.
    unused:      tensors of the file that the network has not.
    kept:        tensors that keep what they hold because that was asked for (`without`), and counters of steps that old
                 files lack.
    differences: where the file carries a spec and that isn't the network's: what differs, as lines.
    """

    path: str
    network: str
    loaded: tuple[Pair, ...]
    missing: tuple[Wanted, ...] = ()
    mismatched: tuple[Pair, ...] = ()
    unused: tuple[Stored, ...] = ()
    kept: tuple[Wanted, ...] = ()
    differences: tuple[str, ...] = ()

    @property
    def fits(self) -> bool:
        """Nothing is missing, unused or of another shape."""
        return not (self.missing or self.mismatched or self.unused)

    @property
    def plain(self) -> bool:
        """It fits, and there is nothing else that one should know."""
        return self.fits and not self.kept and not self.differences and not any(p.converted for p in self.loaded)

    @property
    def renamed(self) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.loaded if pair.renamed)

    @property
    def converted(self) -> tuple[Pair, ...]:
        return tuple(pair for pair in self.loaded if pair.converted)

    def counts(self) -> str:
        """`1 tensor is missing, 2 are of another shape or type, 3 are unused`."""
        facts = (
            (len(self.missing), "missing"),
            (len(self.mismatched), "of another shape or type"),
            (len(self.unused), "unused"),
        )
        parts = [f"{number:,} {what}" for number, what in facts if number]
        return ", ".join(parts) or "everything fits"

    def headline(self) -> str:
        """`resnet18.safetensors -> resnet18: 122 of 122 tensors loaded`, in one line."""
        total = len(self.loaded) + len(self.missing) + len(self.mismatched) + len(self.kept)
        return printable(f"{self.path} -> {self.network}: {len(self.loaded):,} of {total:,} tensors fit")

    def text(self) -> str:
        """The report for people: the headline, and below it the lists of what it is about."""
        from archdsl.weights.tell import text

        return text(self)

    def plain_data(self) -> dict[str, Any]:
        """The report for machines, in what JSON knows."""
        from archdsl.weights.tell import data

        return data(self)

    def __str__(self) -> str:
        return self.text()


class Misfit(Refusal):
    """The file doesn't fit; nothing was loaded."""

    def __init__(self, error: Error, report: Report) -> None:
        from archdsl.weights.tell import advice

        span = Span(Source(report.path, ""), 0, 0)
        super().__init__(Diagnostic(error, span, helps=advice(report)))
        self.report = report
