"""From text to nodes, each with the span of its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from archdsl.budget import Budget
from archdsl.diagnostic import Diagnostics
from archdsl.syntax import ast
from archdsl.syntax.parse import expression
from tests.syntax.reading import SPECS, tree
from tests.syntax.trees import same


def shown(node: object) -> str:
    """An expression with all its brackets."""
    match node:
        case ast.Binary(op=op, left=left, right=right):
            return f"({shown(left)} {op} {shown(right)})"
        case ast.Unary(op=op, operand=operand):
            return f"({op} {shown(operand)})"
        case ast.Cond(test=test, then=then, orelse=orelse):
            return f"({shown(test)} ? {shown(then)} : {shown(orelse)})"
        case ast.Literal(value=value) if isinstance(value, tuple):
            return "x".join(map(str, value))
        case ast.Literal(value=value):
            return (
                {True: "true", False: "false", None: "none"}.get(value, str(value))
                if value is None or isinstance(value, bool)
                else repr(value)
            )
        case ast.Rounded(text=text) | ast.Name(text=text):
            return text
        case ast.Var(name=name):
            return name
        case ast.Ref(name=name):
            return f"@{shown(name) if isinstance(name, ast.Template) else name or ''}"
        case ast.Template(parts=parts):
            return '"' + "".join(part if isinstance(part, str) else f"<{shown(part)}>" for part in parts) + '"'
        case ast.Index(base=base, index=index, further=further):
            return f"{shown(base)}[{', '.join(map(shown, (index, *further)))}]"
        case ast.Attr(base=base, name=name):
            return f"{shown(base)}.{name.text}"
        case ast.Call(callee=callee, args=args):
            return f"{shown(callee)}({', '.join(map(shown, args))})"
        case ast.Arg(name=name, value=value):
            return f"{name.text}={shown(value)}" if name else shown(value)
        case ast.ListExpr(items=items):
            return f"[{', '.join(map(shown, items))}]"
        case ast.Comprehension(element=element, clauses=clauses):
            return f"[{shown(element)} {' '.join(map(shown, clauses))}]"
        case ast.CompFor(targets=targets, iterable=iterable, condition=condition):
            names = ", ".join(map(shown, targets))
            return f"for {names} in {shown(iterable)}" + (f" if {shown(condition)}" if condition else "")
        case ast.Unpack(targets=targets):
            return f"({', '.join(map(shown, targets))})"
    raise TypeError(node)


def value(text: str) -> ast.Expr:
    diagnostics = Diagnostics()
    result = expression(text, Budget(), diagnostics)
    assert not list(diagnostics)
    return result


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1 + 2 * 3", "(1 + (2 * 3))"),
        ("(1 + 2) * 3", "((1 + 2) * 3)"),
        ("1 - 2 - 3", "((1 - 2) - 3)"),
        ("2 ^ 3 ^ 4", "(2 ^ (3 ^ 4))"),
        ("-2 ^ 2", "(- (2 ^ 2))"),
        ("2 ^ -1", "(2 ^ (- 1))"),
        ("7 // 2 % 3 / 4", "(((7 // 2) % 3) / 4)"),
        ("not a == b and c or d", "(((not (a == b)) and c) or d)"),
        ("0..n - 1", "(0 .. (n - 1))"),
        ("a < b + 1", "(a < (b + 1))"),
        ("a .. b < c", "((a .. b) < c)"),
        ("if a then b else if c then d else e", "(a ? b : (c ? d : e))"),
        ("f(x)(y, z=1).w[2]", "f(x)(y, z=1).w[2]"),
        ("f(in=3, not=4)", "f(in=3, not=4)"),
        ("@in.channels + @ + @tower", "((@in.channels + @) + @tower)"),
        ('@"enc{i - 1}"', '@"enc<(i - 1)>"'),
        ("pod[1, 0,][-1]", "pod[1, 0][(- 1)]"),
        ("[]", "[]"),
        ("[1, 2,]", "[1, 2]"),
        ("[e for x in xs if c for (y, z), w in ys]", "[e for x in xs if c for (y, z), w in ys]"),
        ("3", "3"),
        ("25_557_032", "25557032"),
        ("9223372036854775807", "9223372036854775807"),
        ("0.001", "0.001"),
        ("1e-5", "1e-05"),
        ("1.5e3", "1500.0"),
        ("1e3", "1000.0"),
        ("3x3", "3x3"),
        ("0x3", "0x3"),
        ("1x3x3", "1x3x3"),
        ("4.09G", "4.09G"),
        ("25.6M", "25.6M"),
        ("true", "true"),
        ("none", "none"),
        (r'"a\n\t\\\"\{b\}"', '"a\n\t\\"{b}"'),
        ('"layer{i + 1}.{x}"', '"layer<(i + 1)>.<x>"'),
        ('"é → #"', '"é → #"'),
        ("network + input", "(network + input)"),
    ],
)
def test_expressions(text: str, expected: str) -> None:
    assert shown(value(text)) == expected


def every_node(node: object) -> list[ast.Node]:
    if isinstance(node, tuple):
        return [found for item in node for found in every_node(item)]
    if not isinstance(node, ast.Node):
        return []
    return [node] + [found for name in node.fields if name != "span" for found in every_node(getattr(node, name))]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.name)
def test_a_node_lies_within_the_one_above_it(path: Path) -> None:
    def look(node: ast.Node) -> None:
        for name in node.fields:
            held = getattr(node, name)
            for child in held if isinstance(held, tuple) else (held,):
                if isinstance(child, ast.Node):
                    assert node.span.start <= child.span.start <= child.span.end <= node.span.end
                    look(child)

    file = tree(path.read_text(encoding="utf-8"))
    look(file)
    assert {type(node) for node in every_node(file)} >= {ast.Network, ast.Use, ast.Step}


def test_spans() -> None:
    text = 'network n(a: int[] = [1]) {\n    "l{i + 1}": up(@x, k=(1 + 2) * 3) -> a.b { c } shortcut(q) { } * 2\n}\n'
    texts = {(type(node).__name__, node.span.text) for node in every_node(tree(text))}
    assert texts >= {
        ("Network", text.strip()),
        ("Param", "a: int[] = [1]"),
        ("Type", "int[]"),
        ("Body", "{ c }"),
        ("Binary", "i + 1"),
        ("Template", '"l{i + 1}"'),
        ("Step", '"l{i + 1}": up(@x, k=(1 + 2) * 3)'),
        ("Use", "up(@x, k=(1 + 2) * 3)"),
        ("Arg", "k=(1 + 2) * 3"),
        ("Binary", "(1 + 2) * 3"),
        ("Binary", "1 + 2"),
        ("Ref", "@x"),
        ("Path", "a.b"),
        ("Clause", "shortcut(q) { }"),
        ("Step", "a.b { c } shortcut(q) { } * 2"),
    }


def test_every_kind_of_statement() -> None:
    file = tree("""
import "common.arch" as c
mesh gpus[2, 4]
let a = 3
block up(skip: value, width = a, names: str[][]) {
    param token: [1, dim] = zeros
    buffer index: int64 [n * n]
    const shift: [3]
    @skip -> conv(width)
    @[0]
    @tower[1](x)
}
network n {
    input ids: int64 [N, L = 128] where L % 32 == 0, L > 1
    if a { b } else if c { d } else { }
    for i, (k, s) in enumerate(rows) { x }
    output mask(training, weight=0.3): @ -> conv(2)
    output "aux{i}": y
    init { conv.weight: kaiming_normal(fan=out); "layer*": zeros }
    expect params == 4.09G
    a.b: { } * 2
    init: x
    output: y
}
variant v = c.n(a=1)
variant w = v { expect output == [N, 3] }
""")
    imported, mesh, let, block, network, v, w = file.items
    assert isinstance(imported, ast.Import)
    assert imported.alias
    assert imported.alias.text == "c"
    assert isinstance(mesh, ast.Mesh)
    assert len(mesh.axes) == 2
    assert isinstance(let, ast.Let)
    assert isinstance(block, ast.Block)
    assert [(p.type and (p.type.name.text, p.type.lists)) for p in block.params] == [("value", 0), None, ("str", 2)]
    assert [type(s).__name__ for s in block.body.statements] == ["Declare"] * 3 + ["Chain"] * 3
    declared = block.body.statements[1]
    assert isinstance(declared, ast.Declare)
    assert (declared.kind, declared.dtype and declared.dtype.text, declared.value) == ("buffer", "int64", None)
    assert isinstance(network, ast.Network)
    kinds = ["Input", "If", "For", "Output", "Output", "Init", "Expect", "Chain", "Chain", "Chain"]
    assert [type(statement).__name__ for statement in network.body.statements] == kinds
    given = network.body.statements[0]
    assert isinstance(given, ast.Input)
    assert isinstance(given.shape[1], ast.Nominal)
    assert len(given.where) == 2
    branch = network.body.statements[1]
    assert isinstance(branch, ast.If)
    assert isinstance(branch.orelse, ast.If)
    assert isinstance(branch.orelse.orelse, ast.Body)
    loop = network.body.statements[2]
    assert isinstance(loop, ast.For)
    assert isinstance(loop.targets[1], ast.Unpack)
    assert isinstance(v, ast.Variant)
    assert (v.base.text, v.body) == ("c.n", None)
    assert isinstance(w, ast.Variant)
    assert (w.args, w.body is not None) == ((), True)


def test_what_differs_is_not_the_same() -> None:
    for other in ("let a = 2", "let b = 1", "let a = 1.0", "let a = true", "let a = [1]", "let a = 1\nlet b = 1", ""):
        assert not same(tree("let a = 1"), tree(other))
    assert same(tree("let a = 1"), tree("  let a=\n(1)"))
