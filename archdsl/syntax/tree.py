"""From a reduced grammar rule to its node: one method a rule, named as in `arch.lark`."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any, Union

from archdsl.source import Source, Span
from archdsl.syntax import ast
from archdsl.syntax.lexer import Token
from archdsl.syntax.tables import LIST, PASS, Rule

BINARY = {
    "or": "or",
    "and": "and",
    "range": "..",
    "add": "+",
    "sub": "-",
    "mul": "*",
    "div": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "^",
}
UNARY = {"neg": "-", "not": "not"}
CONSTANTS: dict[str, bool | None] = {"TRUE": True, "FALSE": False, "NONE": None}

NESTING = frozenset(("parens", "list", "body", "if_", "cond", "compare", "index", "attr", "call", *BINARY, *UNARY))
"""Rules that can stand inside themselves without end. `if_` does by `else if`."""

NAMING = re.compile(r"(?:let|block)\s+([A-Za-z_][A-Za-z_0-9]*)")

Build = Callable[[list[Any], Span], Any]
Word = Union[Token, ast.Template]
"""A token, or the string it stands for."""


class TreeBuilder:
    """Builds the nodes of one source. A string reaches it as the Template that the parser made of it."""

    def __init__(self, source: Source, rules: Sequence[Rule], number: Callable[[Token], ast.Expr]) -> None:
        self.source = source
        self._number = number
        self.actions: Sequence[Build | None] = [self._action(rule) for rule in rules]

    def _action(self, rule: Rule) -> Build | None:
        """What makes a rule's node; None if the rule only hands values on."""
        name = rule.action
        if name in (PASS, LIST):
            return None
        if name in BINARY:
            op = BINARY[name]
            return lambda children, span: ast.Binary(span, op, children[0], children[1])
        if name in UNARY:
            op = UNARY[name]
            return lambda children, span: ast.Unary(span, op, children[0])
        return getattr(self, name)

    def _name(self, token: Token) -> ast.Name:
        return ast.Name(Span(self.source, token.start, token.end), token.text)

    def _path(self, tokens: list[Token], span: Span) -> ast.Path:
        return ast.Path(span, tuple(map(self._name, tokens)))

    # ---- files

    def file(self, children: list[Any], span: Span) -> ast.File:
        return ast.File(span, tuple(children))

    def bad(self, _: list[Any], span: Span) -> ast.Bad | ast.Let:
        """What could not be read. What it names is known, though: that it is missing would be a second message."""
        named = NAMING.match(span.text)
        if named is None:
            return ast.Bad(span)
        name = Span(self.source, span.start + named.start(1), span.start + named.end(1))
        return ast.Let(span, ast.Name(name, named[1]), ast.Bad(span))

    def import_(self, children: list[Any], span: Span) -> ast.Import:
        path, alias = children
        return ast.Import(span, path, alias and self._name(alias))

    def mesh(self, children: list[Any], span: Span) -> ast.Mesh:
        name, *axes = children
        return ast.Mesh(span, self._name(name), tuple(axes))

    def block(self, children: list[Any], span: Span) -> ast.Block:
        name, params, body = children
        return ast.Block(span, self._name(name), params or (), body)

    def network(self, children: list[Any], span: Span) -> ast.Network:
        name, params, body = children
        return ast.Network(span, self._name(name), params or (), body)

    def variant(self, children: list[Any], span: Span) -> ast.Variant:
        name, base, args, body = children
        return ast.Variant(span, self._name(name), base, args or (), body)

    def let(self, children: list[Any], span: Span) -> ast.Let:
        name, value = children
        return ast.Let(span, self._name(name), value)

    def params(self, children: list[Any], _: Span) -> tuple[ast.Param, ...]:
        return tuple(child for child in children if child)

    def param(self, children: list[Any], span: Span) -> ast.Param:
        name, kind, default = children
        return ast.Param(span, self._name(name), kind, default)

    def type(self, children: list[Any], span: Span) -> ast.Type:
        name, *brackets = children
        return ast.Type(span, self._name(name), len(brackets))

    def brackets(self, _: list[Any], span: Span) -> Span:
        return span

    # ---- statements

    def body(self, children: list[Any], span: Span) -> ast.Body:
        return ast.Body(span, tuple(children))

    def input(self, children: list[Any], span: Span) -> ast.Input:
        name, dtype, shape, where = children
        return ast.Input(span, self._name(name), dtype, shape, where or ())

    def dtype(self, children: list[Any], _: Span) -> ast.Name:
        return self._name(children[0])

    def shape(self, children: list[Any], _: Span) -> tuple[ast.Expr | ast.Nominal, ...]:
        return tuple(child for child in children if child)

    def nominal(self, children: list[Any], span: Span) -> ast.Nominal:
        name, value = children
        return ast.Nominal(span, self._name(name), value)

    def where(self, children: list[Any], _: Span) -> tuple[ast.Expr, ...]:
        return tuple(children)

    def if_(self, children: list[Any], span: Span) -> ast.If:
        condition, then, orelse = children
        return ast.If(span, condition, then, orelse)

    def for_(self, children: list[Any], span: Span) -> ast.For:
        targets, iterable, body = children
        return ast.For(span, targets, iterable, body)

    def targets(self, children: list[Any], _: Span) -> tuple[ast.Target, ...]:
        return tuple(self._name(child) if isinstance(child, Token) else child for child in children)

    def unpack(self, children: list[Any], span: Span) -> ast.Unpack:
        return ast.Unpack(span, self.targets(children, span))

    def expect(self, children: list[Any], span: Span) -> ast.Expect:
        return ast.Expect(span, children[0])

    def output(self, children: list[Any], span: Span) -> ast.Output:
        name, args, chain = children
        return ast.Output(span, self._name(name) if isinstance(name, Token) else name, args or (), chain)

    def declare(self, children: list[Any], span: Span) -> ast.Declare:
        kind, name, dtype, shape, value = children
        return ast.Declare(span, kind.text, self._name(name), dtype, shape, value)

    def rename(self, children: list[Any], span: Span) -> ast.Rename:
        _, old, new = children
        return ast.Rename(span, old, new)

    def init(self, children: list[Any], span: Span) -> ast.Init:
        return ast.Init(span, tuple(child for child in children if child))

    def init_rule(self, children: list[Any], span: Span) -> ast.InitRule:
        target, value = children
        return ast.InitRule(span, target, value)

    # ---- steps

    def chain(self, children: list[Any], span: Span) -> ast.Chain:
        return ast.Chain(span, tuple(children))

    def step(self, children: list[Any], span: Span) -> ast.Step:
        label, unit, repeat = children
        return ast.Step(span, label, unit, repeat)

    def repeat(self, children: list[Any], _: Span) -> ast.Expr:
        return children[0]

    def use(self, children: list[Any], span: Span) -> ast.Use:
        path, args, body, *clauses = children
        return ast.Use(span, path, args, body, tuple(clauses))

    def clause(self, children: list[Any], span: Span) -> ast.Clause:
        name, args, body = children
        return ast.Clause(span, self._name(name), args or (), body)

    def run(self, children: list[Any], span: Span) -> ast.Run:
        ref, *index, args = children
        return ast.Run(span, ref, tuple(index), args)

    def label(self, children: list[Any], span: Span) -> ast.Path | ast.Template:
        (label,) = children
        return self._path([label], span) if isinstance(label, Token) else label

    def path(self, children: list[Any], span: Span) -> ast.Path:
        return self._path(children, span)

    def dotted(self, children: list[Any], span: Span) -> ast.Path:
        return self._path(children, span)

    def ref(self, children: list[Any], span: Span) -> ast.Ref:
        (word,) = children
        if isinstance(word, Token):
            return ast.Ref(span, word.text[1:] or None)
        return ast.Ref(span, word)

    def args(self, children: list[Any], _: Span) -> tuple[ast.Arg, ...]:
        given = [child for child in children if child]
        return tuple(child if isinstance(child, ast.Arg) else ast.Arg(child.span, None, child) for child in given)

    def named(self, children: list[Any], span: Span) -> ast.Arg:
        name, value = children
        return ast.Arg(span, self._name(name), value)

    # ---- expressions

    def literal(self, children: list[Any], span: Span) -> ast.Expr:
        (word,) = children
        if not isinstance(word, Token):
            return word
        return self._number(word) if word.type == "NUMBER" else ast.Literal(span, CONSTANTS[word.type])

    def var(self, children: list[Any], span: Span) -> ast.Var:
        return ast.Var(span, children[0].text)

    def list(self, children: list[Any], span: Span) -> ast.ListExpr:
        return ast.ListExpr(span, tuple(child for child in children if child))

    def comprehension(self, children: list[Any], span: Span) -> ast.Comprehension:
        element, *clauses = children
        return ast.Comprehension(span, element, tuple(clauses))

    def comp_for(self, children: list[Any], span: Span) -> ast.CompFor:
        targets, iterable, condition = children
        return ast.CompFor(span, targets, iterable, condition)

    def compare(self, children: list[Any], span: Span) -> ast.Binary:
        left, op, right = children
        return ast.Binary(span, op.text, left, right)

    def cond(self, children: list[Any], span: Span) -> ast.Cond:
        test, then, orelse = children
        return ast.Cond(span, test, then, orelse)

    def index(self, children: list[Any], span: Span) -> ast.Index:
        base, index, *further = children
        return ast.Index(span, base, index, tuple(child for child in further if child))

    def attr(self, children: list[Any], span: Span) -> ast.Attr:
        base, name = children
        return ast.Attr(span, base, self._name(name))

    def call(self, children: list[Any], span: Span) -> ast.Call:
        callee, args = children
        return ast.Call(span, callee, args)
