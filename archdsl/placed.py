"""Generated code with the positions of the spec: a traceback through it shows the spec's file, line and text.

Python shows a traceback's lines by opening the file that the code names. Generated code lies in no file, but each of
its statements ends in a comment that says which line of the spec it stands for, and that file is there.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from types import CodeType

from archdsl.source import Source

_COMMENT = re.compile(r"  # ([A-Za-z0-9_.-]+):(\d+)$")


def placed(source: str, file: str, specs: Mapping[str, Source]) -> Iterator[CodeType]:
    """The module's top-level statements, compiled one by one.

    file:  the name for what has no place in a spec.
    specs: the specs by the file names that the comments use; of what is missing (in a process that got the module as a
           pickle) only file and line are told.
    """
    lines = source.splitlines()
    for statement in ast.parse(source).body:
        spec = _spec(lines[statement.lineno - 1], specs) if isinstance(statement, ast.ClassDef) else None
        if spec is not None:
            _move_all(statement, lines, spec)
        code = compile(ast.Module([statement], []), spec.name if spec else file, "exec", dont_inherit=True)
        yield code


def _spec(line: str, specs: Mapping[str, Source]) -> Source | None:
    found = _COMMENT.search(line)
    return specs.get(found[1], Source(found[1], "")) if found else None


def _move_all(cls: ast.stmt, lines: list[str], spec: Source) -> None:
    """Statements to their own line of the spec; what has none to the line of the class."""
    default = _line(lines[cls.lineno - 1]) or 1
    places = {node: _own_line(node, lines) or default for node in ast.walk(cls) if isinstance(node, ast.stmt)}
    _move(cls, default, spec, places)


def _own_line(node: ast.stmt, lines: list[str]) -> int | None:
    return _line(lines[(node.end_lineno or node.lineno) - 1]) or _line(lines[node.lineno - 1])


def _line(text: str) -> int | None:
    found = _COMMENT.search(text)
    return int(found[2]) if found else None


def _move(node: ast.AST, line: int, spec: Source, places: Mapping[ast.stmt, int]) -> None:
    """Everything below a statement stands on its line, as wide as the line: then Python marks no part of it."""
    todo = [(node, line)]
    while todo:
        node, line = todo.pop()
        if isinstance(node, ast.stmt):
            line = places[node]
        if hasattr(node, "lineno"):
            text = spec.line(line) if line <= len(spec.starts) else ""
            node.lineno = node.end_lineno = line  # type: ignore[attr-defined]
            node.col_offset = len(text) - len(text.lstrip())  # type: ignore[attr-defined]
            node.end_col_offset = len(text.encode())  # type: ignore[attr-defined]
        todo += [(child, line) for child in ast.iter_child_nodes(node)]
