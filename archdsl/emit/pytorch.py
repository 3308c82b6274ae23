"""Program -> the source of a Python module: a class for the network and one for each of its blocks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from archdsl.collecting import collecting_later
from archdsl.emit.align import Body
from archdsl.emit.construct import Construction
from archdsl.emit.forward import Forward
from archdsl.emit.imports import import_lines
from archdsl.emit.initialise import initialise
from archdsl.emit.layout import WIDTH, class_lines
from archdsl.emit.names import Names, class_name, shared
from archdsl.emit.own import own_classes, own_functions
from archdsl.emit.plan import Inline, bodies, in_order
from archdsl.emit.register import FREE, Register
from archdsl.emit.results import Results
from archdsl.emit.statements import Class, Origin, Stmt
from archdsl.emit.survey import Survey
from archdsl.emit.unit import Unit
from archdsl.ir.graph import Program
from archdsl.source import Source, sha256

MARK = "{title}, compiled by archdsl from {file} (sha256 {digest})"
ADVICE = "Edit the spec, not this file."
LONGEST = WIDTH - len('"""".')
"""Of a mark: it stands on the first line of a docstring."""


def emit(program: Program) -> str:
    """The module's source: the same for the same program. Its last class is the network's."""
    with collecting_later():
        return "\n".join([_header(program), "", *_imports_and_classes(program)]) + "\n"


def network_class(program: Program) -> str:
    """The name of the network's class."""
    return class_name(program.title, "Network")


def _imports_and_classes(program: Program) -> Iterator[str]:
    survey = Survey(program.graph, {network_class(program)})
    classes = [*own_classes(survey), *(list(class_lines(cls)) for cls in _classes(program, survey))]
    functions = own_functions("\n".join(line for lines in classes for line in lines))
    lines = [line for part in (*functions, *classes) for line in ("", "", *part)]
    yield from import_lines("\n".join(lines), survey.foreign)
    yield from lines


def _classes(program: Program, survey: Survey) -> Iterator[Class]:
    construction = Construction(survey)
    inline = Inline(survey)
    names = Names({network_class(program), *survey.foreign.values()})
    for _, graphs in in_order(survey):
        if inline.take(graphs):
            continue
        for body in bodies(construction, graphs):
            unit = Unit(body, survey, *_kind_and_name(body, program, names))
            behind = initialise(program, survey) if unit.kind == "network" else ()
            yield from _results_and_class(unit, construction, names, behind)
            construction.unit_of.update((graph, unit) for graph in body.graphs)


def _kind_and_name(body: Body, program: Program, names: Names) -> tuple[str, str]:
    graph = body.graphs[0]
    if graph is program.graph:
        return "network", network_class(program)
    if graph.kind == "block":
        return "block", names.take(class_name(graph.title, "Block"))
    return "group", names.take(class_name(shared([graph.title for graph in body.graphs]), "Group"))


def _results_and_class(
    unit: Unit, construction: Construction, names: Names, behind: tuple[Stmt, ...]
) -> Iterator[Class]:
    """`behind` is what the constructor does once all children are there."""
    graph = unit.body.graphs[0]
    origin = Origin(graph.span.source.name.rpartition("/")[2], graph.span.line)
    results = Results(graph.returns, names.take(f"{unit.name}Outputs")) if unit.kind == "network" else None
    register = Register(unit, construction)
    children = register.children()
    forward = [Forward(unit, construction, results).function()] if register.form == FREE else []
    unit.finish()
    methods = (register.function(children, behind), *forward)
    if results is not None:
        yield from results.classes(origin)
    yield Class(unit.name, register.base, methods, origin, results.attributes() if results else ())


def _header(program: Program) -> str:
    """On one line if the file's name leaves room, without its folder if need be; else on several."""
    for name in (program.source.name, _base(program.source.name)):
        line = f'"""{_marked(program, name)}. {ADVICE}"""'
        if len(line) <= WIDTH:
            return line
    return f'"""{mark(program)}.\n\n{ADVICE}\n"""'


def mark(program: Program) -> str:
    """What every generated file says of its origin: `resnet50, compiled by archdsl from resnet.arch (sha256 ...)`.

    It fits on a line, however long the file's name: first its folder is left out, then its beginning.
    """
    name = program.source.name
    text = _marked(program, name)
    if len(text) > LONGEST:
        text = _marked(program, _base(name))
    return text if len(text) <= LONGEST else _marked(program, f"..{_base(name)[len(text) - LONGEST + 2 :]}")


def _base(name: str) -> str:
    return name.rpartition("/")[2]


def _marked(program: Program, name: str) -> str:
    title = re.sub(r"[^A-Za-z0-9_.-]", "_", program.title)[:30]
    file = re.sub(r"[^A-Za-z0-9_./-]", "_", name)
    return MARK.format(title=title, file=file, digest=digest(program.source))


def digest(source: Source) -> str:
    """Twelve hexadecimal digits that tell one text from another."""
    return sha256(source.text)[:12]
