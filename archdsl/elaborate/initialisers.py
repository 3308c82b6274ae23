"""What an initialiser stands for, and of which parameters it is said. Their names are looked up only here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from archdsl import initial
from archdsl.elaborate.arguments import give, match, param_for
from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import condition, evaluate
from archdsl.elaborate.functions import FUNCTIONS
from archdsl.elaborate.lookup import did_you_mean, local
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import POISON, described
from archdsl.initial import Constant, Init, wants
from archdsl.ops.op import Op, Param, Refused
from archdsl.source import Span
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.diagnostic import Error, Help

Starts = tuple[tuple[str, Init], ...]
"""What is said of a layer's parameters, by name; "" stands for the layer as a whole."""


def initialiser(node: ast.Expr, at: At) -> Init | None:
    """The initialiser that an expression calls; None if it is another kind of expression.

    A name of the block or of the file comes first, as everywhere; then an initialiser wins over an op (`identity`).
    """
    if isinstance(node, ast.Cond):
        return initialiser(_branch(node, at), at)
    callee, args = (node.callee, node.args) if isinstance(node, ast.Call) else (node, ())
    cls = initial.find(callee.name) if isinstance(callee, ast.Var) else None
    if cls is None or not isinstance(callee, ast.Var) or local(callee.name, at) is not None:
        return None
    given = [give(arg, param_for(arg, i, cls.params), at) for i, arg in enumerate(args)]
    found = match(cls.name, cls.params, given, callee.span, at)
    values: dict[str, Any] = {name: traced.value for name, traced in found.items()}
    start = cls(**values)
    try:
        start.check()
    except Refused as refused:
        from archdsl.elaborate.layers import report_refusal

        report_refusal(refused, found, (), node.span, at)
        raise Failed from None
    return start


def _branch(node: ast.Cond, at: At) -> ast.Expr:
    return node.then if condition(node.test, at, "what stands behind `if`").value else node.orelse


def starts(node: ast.Expr, where: str, at: At) -> Starts:
    """What is said of a layer: an initialiser, a plain number, values by the names of parameters, or `none`, which says
    nothing."""
    if isinstance(node, ast.Cond):
        return starts(_branch(node, at), where, at)
    if isinstance(node, ast.Call) and _names_parameters(node):
        return _constants(node.args, at)
    found = initialiser(node, at)
    if found is not None:
        return (("", found),)
    callee = node.callee if isinstance(node, ast.Call) else node
    if isinstance(callee, ast.Var) and local(callee.name, at) is None and callee.name not in FUNCTIONS:
        raise _unknown(callee, at)
    value = evaluate(node, at).value
    if value is POISON:
        raise Failed
    if value is None:
        return ()
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        from archdsl.errors.values import WrongType

        expected = "an initialiser, such as zeros or normal(std=0.01), or a number"
        raise at.reporter.fail(WrongType(where, expected, described(value)), node.span)
    return (("", Constant(float(value))),)


def _names_parameters(node: ast.Call) -> bool:
    """Whether it is `constant(weight=1, bias=0)`."""
    is_constant = isinstance(node.callee, ast.Var) and node.callee.name == Constant.name
    return is_constant and bool(node.args) and all(arg.name and arg.name.text != "value" for arg in node.args)


def _constants(args: Sequence[ast.Arg], at: At) -> Starts:
    """`constant(weight=1, bias=0)`: several parameters of a layer."""
    params = [Param(arg.name.text, "float", False, (), True, None, True) for arg in args if arg.name]
    given = [give(arg, None, at) for arg in args]
    found = match("constant", params, given, args[0].span, at)
    return tuple((name, Constant(cast("float", traced.value))) for name, traced in found.items())


_ELSEWHERE = {
    "he_normal": "kaiming_normal", "he_uniform": "kaiming_uniform", "glorot_normal": "xavier_normal",
    "glorot_uniform": "xavier_uniform", "truncated_normal": "trunc_normal", "gaussian": "normal", "dirac": "identity",
    "eye": "identity", "zero": "zeros", "one": "ones",
}  # fmt: skip
"""What other libraries call an initialiser."""


def _unknown(callee: ast.Var, at: At) -> Failed:
    from archdsl.diagnostic import Edit, Help
    from archdsl.errors.names import UnknownName

    word = callee.name.rstrip("_").lower()
    here = _ELSEWHERE.get(word, word if initial.find(word) else None)
    if here is not None:
        helps: tuple[Help, ...] = (Help(f"it is called `{here}` here", Edit(callee.span, here)),)
    else:
        helps = did_you_mean(callee.name, initial.REGISTRY, callee.span)
        helps = helps or (Help(f"there are {', '.join(sorted(initial.REGISTRY))}"),)
    return at.reporter.fail(UnknownName("initialiser", callee.name), callee.span, helps=helps)


# ---- what it is said of


def of_op(op: type[Op], said: Sequence[tuple[str, Init]], span: Span, at: At) -> Starts:
    """What is said of a layer, by the names of its parameters."""
    found: list[tuple[str, Init]] = []
    known = ("weight", "bias") if op.weights is None else op.weights
    for name, start in said:
        if name or not known:
            if op.weights is not None:
                need_parameter(op.name, known, name, span, at)
            found.append((name, start))
            continue
        found.append((known[0], start))
        if start.bias is not None and "bias" in known[1:]:
            found.append(("bias", start.bias))
    return tuple(found)


def need_parameter(op: str, known: Sequence[str], name: str, span: Span, at: At) -> None:
    if name in known:
        return
    from archdsl.diagnostic import Help
    from archdsl.errors.names import NoSuchParameter

    helps: tuple[Help, ...] = ()
    if known:
        helps = did_you_mean(name, known, span, form=f"{op}.{{}}") if span.text.startswith(op) else ()
        helps = helps or (Help(f"{op} has {' and '.join(known)}"),)
    raise at.reporter.fail(NoSuchParameter(op, f"parameter `{name}`" if known else "parameters"), span, helps=helps)


def fits(start: Init, axes: int, links: bool = False) -> bool:
    """Whether an initialiser is defined for tensors of that many axes. Where they hold a kernel for each link, none is
    that needs to know outputs and inputs: its formula would take the kernels' height for the number of inputs."""
    return start.axes[0] <= axes <= start.axes[1] and not (links and start.axes[0] > 1)


def misfit(start: Init, name: str, shape: Sequence[int], links: bool = False) -> Error:
    """What is said where it is not."""
    from archdsl.errors.ops import StartDoesNotFit

    wanted = "[outputs, inputs, ...], but `connect` makes a kernel for each link" if links else wants(start)
    return StartDoesNotFit(start.name, name, f"[{', '.join(map(str, shape))}]", wanted)
