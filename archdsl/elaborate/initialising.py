"""An initialiser as it is written: `zeros`, `normal(std=0.02)`, `if deep then zeros else ones`."""

from __future__ import annotations

from archdsl import initial
from archdsl.elaborate.arguments import give, match
from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import condition
from archdsl.elaborate.lookup import local
from archdsl.initial import Init
from archdsl.syntax import ast


def initialiser(node: ast.Expr, at: At) -> Init | None:
    """The initialiser that an expression calls; None if it is another kind of expression.

    A name of the block or of the file comes first, as everywhere; then an initialiser wins over an op (`identity`).
    """
    if isinstance(node, ast.Cond):
        test = condition(node.test, at, "what stands behind `if`")
        return initialiser(node.then if test.value else node.orelse, at)
    callee, args = (node.callee, node.args) if isinstance(node, ast.Call) else (node, ())
    cls = initial.find(callee.name) if isinstance(callee, ast.Var) else None
    if cls is None or not isinstance(callee, ast.Var) or local(callee.name, at) is not None:
        return None
    by_name = {param.name: param for param in cls.params}
    positional = [param for param in cls.params if not param.keyword_only]
    params = [
        by_name.get(arg.name.text) if arg.name else positional[i] if i < len(positional) else None
        for i, arg in enumerate(args)
    ]
    given = [give(arg, param, at) for arg, param in zip(args, params)]
    found = match(cls.name, cls.params, given, callee.span, at)
    return cls(**{name: traced.value for name, traced in found.items()})
