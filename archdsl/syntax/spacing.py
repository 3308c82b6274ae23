"""How words stand beside one another on one line."""

from __future__ import annotations

from archdsl.syntax.nesting import Braces, Brackets, Node, Statement, first_word, last_word
from archdsl.syntax.trivia import Word

TIGHT_BEFORE = frozenset(("COMMA", "COLON", "RPAR", "RSQB", "DOT", "DOTDOT"))
TIGHT_AFTER = frozenset(("LPAR", "LSQB", "DOT", "DOTDOT"))
TIGHT_OPENING = frozenset(("args", "params", "index", "run", "mesh", "brackets"))
"""Rules whose bracket stands directly behind a word. That of a shape or a list does not."""


def space(before: Word, after: Word) -> str:
    """What stands between two words."""
    if before.type == "NUMBER" and after.type == "DOT":
        return " "  # `3.x` would be one bad number
    if before.type in TIGHT_AFTER or after.type in TIGHT_BEFORE:
        return ""
    if after.type in ("LPAR", "LSQB") and (after.role in TIGHT_OPENING or after.role.startswith("__run")):
        return ""
    if "named" in (before.role if before.type == "EQUAL" else "", after.role if after.type == "EQUAL" else ""):
        return ""
    return "" if before.type == "MINUS" and before.role == "neg" else " "


def on_one_line(nodes: list[Node]) -> str | None:
    """Nodes as they stand on one line; None if comments or the author's line breaks keep them from it."""
    text = ""
    before: Word | None = None
    for node in nodes:
        word = first_word(node)
        if before:
            if before.behind or word.above or (word.type == "_ARROW" and word.newline_before):
                return None
            text += space(before, word)
        piece = (
            node.text if isinstance(node, Word) else _brackets(node) if isinstance(node, Brackets) else _braces(node)
        )
        if piece is None:
            return None
        text += piece
        before = last_word(node)
    return text


def _brackets(brackets: Brackets) -> str | None:
    nodes = brackets.nodes
    if nodes and isinstance(nodes[-1], Word) and nodes[-1].type == "COMMA":
        if nodes[-1].behind:
            return None
        nodes = nodes[:-1]
    if brackets.open.behind or brackets.close.above or (nodes and is_hanging(brackets)):
        return None
    inside = on_one_line(nodes)
    if inside is None or (nodes and (first_word(nodes[0]).above or last_word(nodes[-1]).behind)):
        return None
    return f"{brackets.open.text}{inside}{brackets.close.text}"


def is_hanging(brackets: Brackets) -> bool:
    """Whether the author began a new line behind the opening bracket."""
    return bool(brackets.nodes) and first_word(brackets.nodes[0]).newline_before


def _braces(braces: Braces) -> str | None:
    assert braces.open
    assert braces.close
    if braces.open.behind or braces.close.above:
        return None
    if not braces.statements:
        return "{ }"
    if braces.close.newline_before:
        return None
    statements = [_statement(statement) for statement in braces.statements]
    return None if None in statements else f"{{ {'; '.join(filter(None, statements))} }}"


def _statement(statement: Statement) -> str | None:
    if statement.first.newline_before or statement.first.above or statement.last.behind:
        return None
    return on_one_line(statement.nodes)
