"""What the gallery shows of each file of `specs/`: its papers, its text, and every form in figures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from archdsl.budget import Limits
from archdsl.compiler import check_all
from archdsl.ir.graph import Program
from archdsl.reading import importer, read
from archdsl.record import Record
from archdsl.summary import Summary, summarize

PAPER = re.compile(r'(?P<authors>[A-Z][^"]*?) (?P<year>(?:19|20)\d\d), "(?P<title>[^"]+)"')
"""How a header names a paper: Krizhevsky 2014, "One weird trick ..."."""


class Form(Record):
    """A network with its defaults, or a variant. `promises` are the figures that it expects, as they are written."""

    name: str
    summary: Summary
    promises: tuple[str, ...]


class Family(Record):
    """A file of specs.

    header:  the comment that it opens with, a paragraph for each paper.
    authors, year, title: of the first paper.
    renames: whether it has rules for weight files of other names.
    """

    name: str
    text: str
    header: tuple[str, ...]
    authors: str
    year: int
    title: str
    forms: tuple[Form, ...]
    renames: bool

    @property
    def main(self) -> Form:
        """The form that is called as the file is, else the first variant, else the only network."""
        named = [form for form in self.forms if form.name == self.name]
        return (named or [form for form in self.forms if form.promises] or list(self.forms))[0]

    @property
    def lines(self) -> int:
        """Of the spec, without comments and empty lines."""
        return sum(bool(line.strip()) and not line.lstrip().startswith("#") for line in self.text.splitlines())


def families(folder: Path) -> list[Family]:
    """Of all specs in a folder, by the year of their first paper. Every spec there is in order: `CompileError` else."""
    found = [family(path) for path in sorted(folder.glob("*.arch"))]
    return sorted(found, key=lambda family: (family.year, family.name))


def family(path: Path) -> Family:
    """Of one file, whose name is shown as given."""
    source = read(str(path), Limits())
    checked = check_all(source, importer=importer(source, Limits()))
    programs = [(name, each.program) for name, each in checked if each.program]
    header = tuple(_paragraphs(source.text))
    paper = PAPER.match(header[0]) if header else None
    if len(programs) < len(checked) or paper is None:
        raise ValueError(f"{path}: the gallery needs specs without errors, whose header names a paper")
    return Family(
        path.stem,
        source.text,
        header,
        paper["authors"],
        int(paper["year"]),
        paper["title"],
        tuple(Form(name, summarize(program), tuple(_promises(program))) for name, program in programs),
        any(program.renames for _, program in programs),
    )


def _paragraphs(text: str) -> Iterator[str]:
    """The comment at the top of a file. A line that begins with a paper begins a paragraph."""
    paragraph: list[str] = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        said = line.removeprefix("#").strip()
        if paragraph and PAPER.match(said):
            yield " ".join(paragraph)
            paragraph = []
        paragraph.append(said)
    if paragraph:
        yield " ".join(paragraph)


def _promises(program: Program) -> Iterator[str]:
    """As written, without those of the output's shape, which say the same for all forms."""
    for promise in program.promises:
        if promise.quantity != "output":
            yield " ".join(promise.span.text.removeprefix("expect").split())
