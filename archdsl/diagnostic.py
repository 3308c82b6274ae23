"""What is said to the user: one mistake, its place, what else is involved, why, and how to mend it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import ClassVar

from archdsl.record import KW_ONLY, Record
from archdsl.source import Span


class Edit(Record):
    """Put `text` in place of `span`; an empty span inserts."""

    span: Span
    text: str


class Label(Record):
    """A word about a place in the text."""

    span: Span
    text: str


class Help(Record):
    """What would mend it; with the edit, where there is one."""

    text: str
    edit: Edit | None = None


class Error(Record):
    """One kind of mistake: facts as fields, wording as class variables over them (`{field}`).

    The docstring of a subclass is what `archdsl explain CODE` prints: what is wrong, an example, the mend.
    Wording that depends on a fact is a property of the same name.
    """

    code: ClassVar[str] = ""
    severity: ClassVar[str] = "error"
    title: ClassVar[str] = ""
    label: ClassVar[str] = ""
    """Stands under the marked place."""
    help: ClassVar[str] = ""

    def said(self, template: str) -> str:
        """A template with this error's facts filled in."""
        return template.format_map(self.__dict__)


class Diagnostic(Record):
    """An error at its place. `labels` are further places, `notes` lines below, `helps` ways out."""

    error: Error
    span: Span
    _: KW_ONLY
    labels: tuple[Label, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[Help, ...] = ()

    @property
    def code(self) -> str:
        return self.error.code

    @property
    def severity(self) -> str:
        return self.error.severity

    @property
    def title(self) -> str:
        return self.error.said(self.error.title)

    @property
    def label(self) -> str:
        return self.error.said(self.error.label)

    @property
    def all_helps(self) -> tuple[Help, ...]:
        """The error's own help, then what the place added."""
        own = self.error.said(self.error.help)
        return (Help(own), *self.helps) if own else self.helps


class Diagnostics:
    """Collects what was found. The same code at the same place is one mistake, however often it is met."""

    def __init__(self, limit: int = 100) -> None:
        self.limit = limit
        self.left_out = 0
        self.failed = False
        self._found: dict[tuple[str, Span], Diagnostic] = {}

    def add(self, diagnostic: Diagnostic) -> None:
        key = (diagnostic.code, diagnostic.span)
        if key in self._found or _is_allowed(diagnostic):
            return
        self.failed |= diagnostic.severity == "error"
        if len(self._found) >= self.limit:
            self.left_out += 1
            return
        self._found[key] = diagnostic

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(sorted(self._found.values(), key=lambda d: (d.span.source.name, d.span.start)))

    def __len__(self) -> int:
        return len(self._found)


def _is_allowed(diagnostic: Diagnostic) -> bool:
    """Whether a warning's line, or one that it points at, ends in `# allow W0201` or `# allow W0201: the reason`."""
    if diagnostic.severity == "error":
        return False
    spans = (diagnostic.span, *(label.span for label in diagnostic.labels))
    comments = (span.source.line(span.line).rpartition("#")[2].partition(":")[0].split() for span in spans)
    return any(words[:1] == ["allow"] and diagnostic.code in words for words in comments)


class CompileError(Exception):
    """Raised by the Python API (`load`, `loads`, `compile`) when a spec has errors; carries all of them."""

    def __init__(self, diagnostics: tuple[Diagnostic, ...]) -> None:
        self.diagnostics = diagnostics
        super().__init__(diagnostics)

    def __str__(self) -> str:
        from archdsl.render import render_text

        return "\n" + render_text(self.diagnostics, color=False)
