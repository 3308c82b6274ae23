"""Code as values: what is printed means what was said, whatever the user's text holds."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archdsl.emit.code import BINDING, Call, Expr, Infix, Items, Literal, Name, Negative, Not, Ternary, Times
from archdsl.emit.layout import comment, spread
from archdsl.emit.statements import Origin
from tests.emit.build import ruff

SCALARS = st.none() | st.booleans() | st.integers(-9, 99) | st.floats(allow_nan=False, width=32) | st.text(max_size=9)
VALUES = SCALARS | st.tuples(st.integers(0, 9), st.integers(0, 9))


@given(VALUES)
def test_a_literal_reads_back(value: object) -> None:
    printed = Literal(value).flat()
    assert eval(printed) == value
    assert printed.isascii()
    assert printed.isprintable()


@pytest.mark.parametrize("text", ["", "a b", "a-b", "1a", "a.", "a..b", "é", "a\nb", "class", "a.if", "x;y", "f()"])
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a name"):
        Name(text).flat()


@given(st.text(max_size=60))
def test_a_file_name_cannot_leave_its_comment(name: str) -> None:
    printed = comment(Origin(name, 3))
    assert printed.startswith("  # ")
    assert printed.endswith(":3")
    assert printed.isprintable()
    assert printed.isascii()


def expressions(atoms: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    signs = st.sampled_from([sign for sign in BINDING if sign not in ("@", "is", "is not")])

    def larger(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
        return st.one_of(
            st.builds(Infix, signs, inner, inner),
            st.builds(Negative, inner),
            st.builds(Not, inner),
            st.builds(Ternary, inner, inner, inner),
            st.builds(lambda f, args: Call(Name(f), tuple(args)), st.sampled_from("fg"), st.lists(inner, max_size=3)),
            st.builds(lambda items: Items(tuple(items)), st.lists(inner, max_size=3)),
        )

    return st.recursive(atoms, larger, max_leaves=12)


ATOMS = st.one_of(st.sampled_from([Name("x"), Name("self.width"), Name("y")]), st.builds(Literal, st.integers(-3, 9)))


def shape(expr: Expr) -> ast.expr:
    """The tree that the printed text must parse to."""
    match expr:
        case Infix(op=op, left=left, right=right):
            text = f"({ast.unparse(shape(left))}) {op} ({ast.unparse(shape(right))})"
        case Negative(value=value):
            text = f"-({ast.unparse(shape(value))})"
        case Not(value=value):
            text = f"not ({ast.unparse(shape(value))})"
        case Ternary(then=then, test=test, other=other):
            text = " ".join(
                f"({ast.unparse(shape(part))}){word}" for part, word in ((then, " if"), (test, " else"), (other, ""))
            )
        case Call(callee=Name(text=callee), args=args):
            text = f"{callee}({', '.join(ast.unparse(shape(arg)) for arg in args)})"
        case Items(items=items):
            text = f"[{', '.join(ast.unparse(shape(item)) for item in items)}]"
        case _:
            text = expr.flat()
    return ast.parse(text, mode="eval").body


@settings(max_examples=300)
@given(expressions(ATOMS))
def test_an_expression_reads_back(expr: Expr) -> None:
    found, meant = ast.parse(expr.flat(), mode="eval").body, shape(expr)
    assert flattened(found) == flattened(meant)


def flattened(node: ast.expr) -> str:
    """The tree in words; `a and (b and c)` and `(a and b) and c` are one node, as they mean the same."""
    return ast.dump(OneNode().visit(ast.parse(ast.unparse(node), mode="eval")))


class OneNode(ast.NodeTransformer):
    def visit_BoolOp(self, node: ast.BoolOp) -> ast.BoolOp:
        self.generic_visit(node)
        alike = [v.values if isinstance(v, ast.BoolOp) and type(v.op) is type(node.op) else [v] for v in node.values]
        return ast.BoolOp(node.op, [value for values in alike for value in values])


def test_what_is_too_long_is_opened_as_the_formatter_does(tmp_path: Path) -> None:
    many = tuple(Name(f"name_of_operand_{i}") for i in range(9))
    conv = Call(Name("nn.Conv2d"), many[:3], (("padding", Literal(1)),))
    lines: list[str] = []
    for expr in (
        Call(Name("torch.cat"), (Items(many), Literal(1))),
        Call(Name("f"), (Call(Name("g"), many), Literal("a"))),
        Call(Name("nn.Sequential"), (conv, Times(conv, 3)), spread=True),
        Call(Name("nn.Sequential"), (Times(Call(Name("Block"), many), 3),)),
        Call(Name("nn.Sequential"), (Times(Call(Name("Block"), many[:4]), 30), Name("x"))),
        Infix("+", Name("x"), Call(Name("g"), many)),
    ):
        lines += spread("value = ", expr, comment(Origin("a.arch", 1)), 0)
    (tmp_path / "long.py").write_text("\n".join(lines) + "\n")
    assert ruff(tmp_path, "format", "--line-length", "120", "--diff") == ""
