"""The nesting of a formatted file: statements in braces, elements in brackets, words in both."""

from __future__ import annotations

from typing import Union

from archdsl.syntax.brackets import CLOSING
from archdsl.syntax.trivia import Word


class Statement:
    """The words, brackets and braces of one statement, in order."""

    __slots__ = ("nodes",)

    def __init__(self) -> None:
        self.nodes: list[Node] = []

    @property
    def first(self) -> Word:
        return first_word(self.nodes[0])

    @property
    def last(self) -> Word:
        return last_word(self.nodes[-1])


class Brackets:
    """( ) or [ ] and what stands in them."""

    __slots__ = ("close", "nodes", "open")

    def __init__(self, opening: Word) -> None:
        self.open = opening
        self.close = opening
        self.nodes: list[Node] = []


class Braces:
    """{ } and the statements in them."""

    __slots__ = ("close", "open", "statements")

    def __init__(self, opening: Word | None) -> None:
        self.open = opening
        self.close: Word | None = None
        self.statements: list[Statement] = []


Node = Union[Word, Brackets, Braces]


def nest(words: list[Word]) -> Braces:
    """A file's statements, as if braces stood around it."""
    file = Braces(None)
    braces = [file]
    nodes: list[list[Node]] = []
    brackets: list[Brackets] = []

    def begin() -> list[Node]:
        statement = Statement()
        braces[-1].statements.append(statement)
        return statement.nodes

    current: list[Node] | None = None
    for word in words:
        if word.type == "$END":
            file.close = word
        elif word.type == "_NL":
            current = None
        elif word.type == "RBRACE":
            braces.pop().close = word
            current = nodes.pop()
        else:
            current = begin() if current is None else current
            if word.type == "LBRACE":
                inner = Braces(word)
                current.append(inner)
                nodes.append(current)
                braces.append(inner)
                current = None
            elif word.type in CLOSING:
                bracket = Brackets(word)
                current.append(bracket)
                brackets.append(bracket)
                nodes.append(current)
                current = bracket.nodes
            elif brackets and word.type in ("RPAR", "RSQB"):
                brackets.pop().close = word
                current = nodes.pop()
            else:
                current.append(word)
    return file


def first_word(node: Node) -> Word:
    word = node if isinstance(node, Word) else node.open
    assert word is not None
    return word


def last_word(node: Node) -> Word:
    word = node if isinstance(node, Word) else node.close
    assert word is not None
    return word
