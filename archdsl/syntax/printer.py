"""Lays out the nested words of a file on lines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import groupby

from archdsl.syntax.layout import BINARY
from archdsl.syntax.nesting import Braces, Brackets, Node, Statement, first_word, last_word
from archdsl.syntax.spacing import is_hanging, on_one_line, space
from archdsl.syntax.trivia import Word

WIDTH = 120
INDENT = 4

TRAILING_COMMA = frozenset(("args", "params", "list", "shape", "mesh"))
"""Rules that allow a comma behind the last element."""
APART = frozenset(("BLOCK", "NETWORK"))
"""What stands between blank lines."""


class Line:
    """A line to be: its code, its comment, and where braces begin that may be aligned with the next line's."""

    __slots__ = ("align", "code", "comment", "indent")

    def __init__(self, indent: int) -> None:
        self.indent = indent
        self.code = ""
        self.comment = ""
        self.align = 0


class Printer:
    """Prints statements one behind the other; the last line is the one that is being written."""

    def __init__(self) -> None:
        self.lines: list[Line] = []

    def file(self, file: Braces) -> str:
        self.statements(file, 0)
        _align_braces(self.lines)
        _align_comments(self.lines)
        return "".join(_shown(line) + "\n" for line in self.lines)

    def statements(self, braces: Braces, indent: int) -> None:
        """The statements in braces and the comments below the last of them."""
        before: Word | None = None
        for statement in braces.statements:
            word = statement.first
            apart = indent == 0 and before is not None and (before.type in APART or word.type in APART)
            self.comments(word, indent, is_first=before is None, apart=apart)
            self.statement(statement, indent)
            before = word
        if braces.close:
            self.comments(braces.close, indent, is_first=before is None, apart=False)

    def comments(self, word: Word, indent: int, is_first: bool, apart: bool) -> None:
        """The comments above a word, and the blank lines around them."""
        blanks = [comment.blank_before for comment in word.above]
        blanks.append(word.blank_before and word.type not in ("RBRACE", "$END"))
        blanks[0] = not is_first and (blanks[0] or apart)
        for blank, comment in zip(blanks, [*word.above, None]):
            if blank:
                self.lines.append(Line(0))
            if comment:
                self.lines.append(Line(indent))
                self.lines[-1].comment = comment.text

    def statement(self, statement: Statement, indent: int) -> None:
        line = Line(indent)
        self.lines.append(line)
        nodes = statement.nodes
        flat = on_one_line(nodes)
        if flat is None or not self.fits(flat):
            self.links(nodes, indent + INDENT)
            return
        line.code = flat
        line.comment = statement.last.behind
        if statement.first.type == "VARIANT" and isinstance(nodes[-1], Braces):
            line.align = len(on_one_line(nodes[:-1]) or "")

    def links(self, nodes: list[Node], indent: int) -> None:
        """A chain that does not go on one line: a new one before each `->` that must, or where the author says so."""
        for number, link in enumerate(_links(nodes)):
            arrow = first_word(link[0])
            if number and (arrow.newline_before or self.lines[-1].comment or not self.fits(" " + _lead(link))):
                self.begin_line(arrow, indent)
            self.link(link, indent)

    def link(self, nodes: list[Node], indent: int) -> None:
        """Nodes that follow on the current line; where they must break, they go on at `indent`."""
        before: Word | None = None
        for number, node in enumerate(nodes):
            self.go_on(before, first_word(node), indent)
            before = last_word(node)
            piece = on_one_line([node])
            behind = _lead(nodes[number + 1 :], before)
            if piece is not None and (_is_small(node) or self.fits(piece + behind)):
                self.lines[-1].code += piece
            elif isinstance(node, Brackets):
                self.brackets(node)
            elif isinstance(node, Braces):
                self.braces(node)
            self.lines[-1].comment = before.behind

    def go_on(self, before: Word | None, word: Word, indent: int) -> None:
        """Make ready for a word: a space, or a new line where a comment or the author asks for one."""
        line = self.lines[-1]
        is_branch = word.type == "ELSE" and word.role == "if_"
        if before is None:
            line.code += " " if line.code else ""
        elif line.comment or word.above:
            self.begin_line(word, line.indent if is_branch else indent)
        elif word.newline_before and not is_branch and (word.type == "ELSE" or _may_end_line(before)):
            self.begin_line(word, indent)
        else:
            line.code += space(before, word)

    def brackets(self, node: Brackets) -> None:
        """Brackets over several lines: as the author broke them, or each element on its own."""
        base = self.lines[-1].indent
        self.write(node.open)
        as_written = is_hanging(node)
        elements = _elements(node.nodes)
        for number, element in enumerate(elements):
            word = first_word(element[0])
            if number == 0 or not as_written or word.newline_before:
                self.begin_line(word, base + INDENT)
            self.link(element, base + 2 * INDENT)
        if elements and _takes_comma(node):
            self.lines[-1].code += ","
        self.comments(node.close, base + INDENT, is_first=True, apart=False)
        self.lines.append(Line(base))
        self.write(node.close)

    def braces(self, node: Braces) -> None:
        """Braces over several lines."""
        base = self.lines[-1].indent
        self.write(first_word(node))
        self.statements(node, base + INDENT)
        self.lines.append(Line(base))
        self.write(last_word(node))

    def write(self, word: Word) -> None:
        self.lines[-1].code += word.text
        self.lines[-1].comment = word.behind

    def begin_line(self, word: Word, indent: int) -> None:
        """A new line within a statement, below the comments above its first word."""
        self.comments(word, indent, is_first=True, apart=False)
        self.lines.append(Line(indent))

    def fits(self, text: str) -> bool:
        line = self.lines[-1]
        return line.indent + len(line.code) + len(text) <= WIDTH


def _is_small(node: Node) -> bool:
    """Whether nothing is won by breaking a node: a word, and brackets and braces without content."""
    return isinstance(node, Word) or not (node.nodes if isinstance(node, Brackets) else node.statements)


def _may_end_line(word: Word) -> bool:
    """Whether the author may go on behind a word on a new line: behind operators, and the `=` of a statement."""
    return word.type in BINARY or (word.type == "EQUAL" and word.role not in ("named", "param", "nominal"))


def _links(nodes: list[Node]) -> list[list[Node]]:
    links: list[list[Node]] = [[]]
    for node in nodes:
        if isinstance(node, Word) and node.type == "_ARROW":
            links.append([])
        links[-1].append(node)
    return links


def _elements(nodes: list[Node]) -> list[list[Node]]:
    """What stands between commas, each with its comma; each `for` of a comprehension begins one too."""
    elements: list[list[Node]] = []
    begins = True
    for node in nodes:
        kind = node.type if isinstance(node, Word) else ""
        if begins or kind == "FOR":
            elements.append([])
        elements[-1].append(node)
        begins = kind == "COMMA"
    return elements


def _takes_comma(brackets: Brackets) -> bool:
    last = brackets.nodes[-1]
    comprehension = any(isinstance(node, Word) and node.type == "FOR" for node in brackets.nodes)
    has_comma = isinstance(last, Word) and last.type == "COMMA"
    return brackets.open.role in TRAILING_COMMA and not comprehension and not has_comma


def _lead(nodes: list[Node], before: Word | None = None) -> str:
    """What must follow on the same line: up to braces, or to brackets that are broken anyway."""
    text = ""
    for node in nodes:
        text += space(before, first_word(node)) if before else ""
        piece = None if isinstance(node, Braces) else on_one_line([node])
        if piece is None:
            return text + first_word(node).text
        text += piece
        before = last_word(node)
        if before.behind:
            break
    return text


def _align_braces(lines: list[Line]) -> None:
    """Variants on neighbouring lines have their braces in one column, if there is room."""
    for run in _runs(lines, lambda line: line.align > 0):
        column = max(line.align for line in run)
        if all(len(line.code) + column - line.align <= WIDTH for line in run):
            for line in run:
                line.code = line.code[: line.align] + " " * (column - line.align) + line.code[line.align :]


def _align_comments(lines: list[Line]) -> None:
    """Comments behind neighbouring lines begin in one column."""
    for run in _runs(lines, lambda line: bool(line.code and line.comment)):
        column = max(line.indent + len(line.code) for line in run)
        for line in run:
            line.code = line.code.ljust(column - line.indent)


def _runs(lines: list[Line], belongs: Callable[[Line], bool]) -> Iterator[list[Line]]:
    for matches, run in groupby(lines, belongs):
        if matches:
            yield list(run)


def _shown(line: Line) -> str:
    gap = "  " if line.code and line.comment else ""
    return (" " * line.indent + line.code + gap + line.comment).rstrip()
