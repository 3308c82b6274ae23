"""Files: what they declare, what they import."""

from __future__ import annotations

from collections.abc import Callable

from archdsl.budget import Budget, Exceeded
from archdsl.diagnostic import Diagnostic, Diagnostics, Error, Label
from archdsl.elaborate.context import At, Names, Session
from archdsl.elaborate.report import Failed
from archdsl.elaborate.scopes import ScopeBuilder
from archdsl.elaborate.values import POISON, Block, StepValue
from archdsl.ir.graph import Graph
from archdsl.ir.why import Traced, Why
from archdsl.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.parse import parse

Importer = Callable[[Source, str], Source]
"""(the importing file, the path as written) -> the file; raises `ImportRefused`."""


class ImportRefused(Exception):
    """An import can't be followed; the error says why."""

    def __init__(self, error: Error) -> None:
        super().__init__(error)
        self.error = error


class SpecFile:
    """A parsed file: its blocks, networks, variants, `let`s (evaluated when first used) and imports."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.blocks: dict[str, ast.Block] = {}
        self.networks: dict[str, ast.Network] = {}
        self.variants: dict[str, ast.Variant] = {}
        self.lets: dict[str, ast.Let] = {}
        self.meshes: dict[str, ast.Mesh] = {}
        self.imports: dict[str, SpecFile] = {}
        self.unread: set[str] = set()  # imports that failed, which was reported: their uses say nothing more
        self.declared: dict[str, Span] = {}
        self._values: dict[str, tuple[Session, Traced]] = {}
        self._steps: dict[str, StepValue] = {}
        self._evaluating: list[str] = []

    def names(self) -> list[str]:
        return [*self.blocks, *self.lets, *self.meshes]

    def find(self, name: str, session: Session) -> Traced | None:
        """What a name of this file stands for in an expression; `POISON` where its `let` failed."""
        if name in self.blocks:
            step = self._steps.setdefault(name, StepValue(Block(self.blocks[name], self)))
            return Traced(step, Why("literal", self.blocks[name].name.span, step))
        if name not in self.lets and name not in self.meshes:
            return None
        cached = self._values.get(name)
        if cached is None or cached[0] is not session:
            cached = self._values[name] = (session, self._evaluate(name, session))
        return cached[1]

    def _evaluate(self, name: str, session: Session) -> Traced:
        from archdsl.elaborate.expressions import evaluate

        if name in self.meshes:
            from archdsl.elaborate.meshes import mesh

            return mesh(self.meshes[name], self.place(session))
        let = self.lets[name]
        poison = Traced(POISON, Why("literal", let.span, POISON))
        if name in self._evaluating:
            from archdsl.errors.limits import EndlessLet

            session.reporter.report(EndlessLet(name), let.name.span)
            return poison
        self._evaluating.append(name)
        try:
            with session.deeper(let.span):
                return evaluate(let.value, self.place(session))
        except Failed:
            return poison
        finally:
            self._evaluating.pop()

    def place(self, session: Session) -> At:
        """Where the file's own expressions are evaluated: outside every network, so without a current value."""
        nowhere = ScopeBuilder(Graph("file", self.source.name, Span(self.source, 0, 0)), ())
        return At(session, self, Names(), nowhere)


def read_file(source: Source, budget: Budget, diagnostics: Diagnostics, importer: Importer | None) -> SpecFile:
    """Parse a file and all that it imports. Mistakes go to `diagnostics`."""
    return _Reader(budget, diagnostics, importer).read(source)


class _Reader:
    def __init__(self, budget: Budget, diagnostics: Diagnostics, importer: Importer | None) -> None:
        self.budget = budget
        self.diagnostics = diagnostics
        self.importer = importer
        self.files: dict[object, SpecFile] = {}
        self.open: list[Source] = []

    def read(self, source: Source) -> SpecFile:
        file = self.files[source.path or source.name] = SpecFile(source)
        self.open.append(source)
        for item in parse(source, self.budget, self.diagnostics).items:
            self._declare(item, file)
        self.open.pop()
        return file

    def _declare(self, item: ast.Item, file: SpecFile) -> None:
        if isinstance(item, ast.Import):
            self._import(item, file)
        elif not isinstance(item, ast.Bad) and self._is_new(item.name, file):
            kinds = {
                ast.Block: file.blocks,
                ast.Network: file.networks,
                ast.Variant: file.variants,
                ast.Let: file.lets,
                ast.Mesh: file.meshes,
            }
            kinds[type(item)][item.name.text] = item  # type: ignore[index]

    def _is_new(self, name: ast.Name, file: SpecFile) -> bool:
        first = file.declared.setdefault(name.text, name.span)
        if first is name.span:
            return True
        from archdsl.errors.names import Redefined

        self._report(Redefined(name.text), name.span, (Label(first, "the first one"),))
        return False

    def _import(self, item: ast.Import, file: SpecFile) -> None:
        from archdsl.errors import files as errors

        parts = item.path.parts
        path = "".join(part for part in parts if isinstance(part, str))
        if any(not isinstance(part, str) for part in parts):
            return self._report(errors.ComputedImport(), item.path.span)
        alias = item.alias or ast.Name(item.path.span, _stem(path))
        if not self._is_new(alias, file):
            return None
        file.unread.add(alias.text)
        if self.importer is None:
            return self._report(errors.NoImports(path), item.path.span)
        try:
            source = self.importer(file.source, path)
            self.budget.charge("imports")
        except ImportRefused as refused:
            return self._report(refused.error, item.path.span)
        except Exceeded as over:
            from archdsl.errors.limits import too_much

            return self._report(too_much(over.limit, over.allowed, over.asked), item.path.span)
        if any(source.path == opened.path for opened in self.open):
            chain = " -> ".join([*(opened.name for opened in self.open), source.name])
            return self._report(errors.ImportCycle(chain), item.path.span)
        file.unread.discard(alias.text)
        file.imports[alias.text] = self.files.get(source.path or source.name) or self.read(source)
        return None

    def _report(self, error: Error, span: Span, labels: tuple[Label, ...] = ()) -> None:
        self.diagnostics.add(Diagnostic(error, span, labels=labels))


def _stem(path: str) -> str:
    return path.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".arch")
