"""Arguments meet parameters: of ops, of blocks and of connectors, by the same rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, cast

from archdsl import ops
from archdsl.elaborate.attributes import ATTRIBUTES
from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import evaluate, free_size
from archdsl.elaborate.lookup import did_you_mean, local
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import Block, Braces, Given, Size, StepValue, Tensor, Weight, described, is_list, items
from archdsl.elaborate.written import KEYWORDS
from archdsl.ir.dim import Dim
from archdsl.ir.shares import Device, Mesh
from archdsl.ir.why import Traced, Why
from archdsl.ops.op import Op, Param
from archdsl.source import Span
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.diagnostic import Help


OWN = ("init", "freeze")
"""Arguments that every step takes, by name only; see `own.py`."""


def bind_step(step: StepValue, args: Sequence[ast.Arg], at: At) -> StepValue:
    """A step with more arguments bound. Each argument that fails is reported; the step remembers that it failed."""
    if not args:
        return step
    params = step.target.params if isinstance(step.target, type) else ()
    given = list(step.given)
    for arg in args:
        if arg.name is not None and arg.name.text in OWN:
            from archdsl.elaborate.own import give_own, is_own

            if is_own(arg, step.target, at):
                given.append(give_own(arg, step.target, at))
                continue
        position = sum(one.name is None and not _is_operand(one) for one in given)
        if _is_weight(step, arg):
            given.append(_weight(arg, at))
        else:
            given.append(give(arg, param_for(arg, position, params), at))
    made = StepValue(step.target, tuple(given))
    at.session.limit_items(made.weight, args[0].value.span.to(args[-1].value.span), made.depth)
    return made


def param_for(arg: ast.Arg, position: int, params: Sequence[Param]) -> Param | None:
    if arg.name is not None:
        return next((param for param in params if param.name == arg.name.text), None)
    return params[position] if position < len(params) else None


def give(arg: ast.Arg, param: Param | None, at: At) -> Given:
    """Evaluate an argument; a bare word where the parameter takes words is that word, and wins over a variable."""
    name, name_span = (arg.name.text, arg.name.span) if arg.name else (None, None)
    value = arg.value
    if param is not None and param.kind == "word" and isinstance(value, ast.Var) and _is_word(value.name, param, at):
        return Given(name, value.span, Traced(value.name, Why("literal", value.span, value.name)), name_span)
    try:
        return Given(name, value.span, evaluate(value, at), name_span)
    except Failed:
        return Given(name, value.span, None, name_span)


def _is_weight(step: StepValue, arg: ast.Arg) -> bool:
    """Whether an op is given another step's tensor for its own."""
    if arg.name is None or not isinstance(arg.value, ast.Attr) or not isinstance(step.target, type):
        return False
    return isinstance(arg.value.base, ast.Ref) and arg.value.name.text not in ATTRIBUTES


def _weight(arg: ast.Arg, at: At) -> Given:
    """`weight=@wte.weight`."""
    assert arg.name is not None and isinstance(arg.value, ast.Attr)
    span = arg.value.span
    try:
        base = evaluate(arg.value.base, at)
    except Failed:
        return Given(arg.name.text, span, None, arg.name.span)
    value = Weight(base.value, arg.value.name.text) if isinstance(base.value, Tensor) else base.value
    return Given(arg.name.text, span, Traced(value, Why("literal", span, value)), arg.name.span)


def _is_word(name: str, param: Param, at: At) -> bool:
    """One of the words, or a word that is nothing else either: then the message says which words there are."""
    return name in param.choices or local(name, at) is None


def _is_operand(given: Given) -> bool:
    if given.traced is None:
        return False
    value = given.traced.value
    return isinstance(value, Tensor) or (
        is_list(value) and bool(items(value)) and all(isinstance(item.value, Tensor) for item in items(value))
    )


def make_op(step: StepValue, span: Span, at: At) -> tuple[Op, dict[str, Traced], list[Tensor]]:
    """The op with its parameters, where each given one came from, and the operands among the arguments."""
    cls = step.target
    assert isinstance(cls, type)
    operands: list[Tensor] = []
    rest: list[Given] = []
    many = cls.operands != 1 or cls.further > 0
    if many and any(given.traced is None for given in step.given):
        raise Failed  # which of the rest are operands can't be told
    for given in step.given:
        if given.name is None and not many and _is_operand(given):
            raise _no_operand(cls.name, given, at)
        if given.name is None and many and _is_operand(given):
            assert given.traced is not None
            value = given.traced.value
            operands += [value] if isinstance(value, Tensor) else [item.value for item in items(value)]  # type: ignore[misc]
        else:
            rest.append(given)
    args = match(cls.name, cls.params, rest, span, at)
    values = {name: traced.value for name, traced in args.items()}
    return at.session.intern(cls(**values)), args, operands


def _no_operand(callee: str, given: Given, at: At) -> Failed:
    from archdsl.diagnostic import Help
    from archdsl.errors.values import NotStepArguments

    error = NotStepArguments(callee, "the current value, not one as an argument", "this is a value")
    helps = (Help(f"begin a chain with it: {given.span.text} -> {callee}(...)"),)
    return at.reporter.fail(error, given.span, helps=helps)


def match(callee: str, params: Sequence[Param], given: Sequence[Given], span: Span, at: At) -> dict[str, Traced]:
    """Parameter name -> argument, for those that were given. All mistakes are reported, then it fails."""
    failed = any(one.traced is None for one in given)
    by_name = {param.name: param for param in params}
    positional = [param for param in params if not param.keyword_only and param.kind != "AxisSizes"]
    free = next((param for param in params if param.kind == "AxisSizes"), None)
    sizes: list[Given] = []
    found: dict[str, Traced] = {}
    position = 0
    for one in given:
        if one.name is None:
            if position >= len(positional):
                _too_many(callee, positional, params, one, at)
                return _fail()
            param = positional[position]
            position += 1
        else:
            param = by_name.get(one.name)
            if param is None and free is not None:
                sizes.append(one)
                continue
            if param is None:
                if one.traced is not None:  # else its value was reported, and it may be a tensor
                    _unknown(callee, by_name, one, at)
                failed = True
                continue
        if param.name in found:
            from archdsl.errors.values import GivenTwice

            at.reporter.report(GivenTwice(callee, param.name), one.name_span)
            failed = True
        elif one.traced is not None:
            try:
                found[param.name] = coerce(callee, param, one.traced, one.span, at)
            except Failed:
                failed = True
    given_names = {*found, *(one.name for one in given if one.name)}
    missing = [param for param in params if param.required and param.name not in given_names]
    if missing and not failed:
        _missing(callee, missing[0], params, span, at)
    if failed or missing:
        raise Failed
    if free is not None:
        found[free.name] = _axis_sizes(callee, sizes, span, at)
    return found


def _axis_sizes(callee: str, given: Sequence[Given], span: Span, at: At) -> Traced:
    """Arguments by names that the user made up: `rearrange("n (g c) -> n g c", g=2)`."""
    pairs: list[tuple[str, object]] = []
    for one in given:
        assert one.name is not None and one.traced is not None
        param = Param(one.name, "int", False, (), True, None, True)
        pairs.append((one.name, coerce(callee, param, one.traced, one.span, at).value))
    return Traced(tuple(pairs), Why("literal", span, tuple(pairs)))


def _fail() -> dict[str, Traced]:
    raise Failed


def _too_many(callee: str, positional: Sequence[Param], params: Sequence[Param], one: Given, at: At) -> None:
    from archdsl.diagnostic import Help
    from archdsl.errors.values import TooManyArguments

    most = {0: "no arguments", 1: "one argument"}.get(len(positional), f"{len(positional)} arguments")
    options = [f"{param.name}=" for param in params if param.keyword_only and param.kind != "AxisSizes"]
    helps: tuple[Help, ...] = ()
    if callee in _INFERS_CHANNELS:
        helps += (Help(f"what comes in is counted by the compiler: `{callee}` never takes the input's channels"),)
    if options:
        helps += (Help(f"options are given by name: {', '.join(options)}"),)
    at.reporter.report(TooManyArguments(callee, most), one.span, helps=helps)


_INFERS_CHANNELS = frozenset(("conv", "conv_transpose", "linear", "bn", "instancenorm", "layernorm", "prelu"))
"""What other libraries also tell the input's size; here it is read off the graph."""

_SYNONYMS = {
    "padding": "pad", "strides": "stride", "kernel_size": "kernel", "out_channels": "channels", "filters": "channels",
    "units": "features", "p": "rate", "ceil_mode": "ceil", "use_bias": "bias", "epsilon": "eps", "output_size": "out",
}  # fmt: skip
"""What other libraries call a parameter."""


def _unknown(callee: str, known: Mapping[str, object], one: Given, at: At) -> None:
    from archdsl.diagnostic import Edit, Help
    from archdsl.errors.names import UnknownArgument

    assert one.name is not None
    synonym = _SYNONYMS.get(one.name, "")
    if synonym in known:
        helps: tuple[Help, ...] = (Help(f"{callee} calls it `{synonym}`", Edit(one.name_span, synonym)),)
    else:
        helps = did_you_mean(one.name, known, one.name_span)
    if not helps:
        helps = (Help(f"{callee} takes {', '.join(known)}" if known else f"{callee} takes no arguments"),)
    at.reporter.report(UnknownArgument(callee, one.name), one.name_span, helps=helps)


def _missing(callee: str, param: Param, params: Sequence[Param], span: Span, at: At) -> None:
    from archdsl.diagnostic import Help
    from archdsl.errors.values import MissingArgument

    needed = ", ".join(each.name for each in params if each.required and each.kind != "steps")
    at.reporter.report(MissingArgument(callee, param.name), span, helps=(Help(f"call it as {callee}({needed})"),))


def coerce(callee: str, param: Param, traced: Traced, span: Span, at: At) -> Traced:
    """An argument as its parameter takes it: ints widen to floats and sizes, nothing narrows."""
    value = traced.value
    if value is None and param.optional:
        return traced
    if param.kind == "word":
        if isinstance(value, str) and value in param.choices:
            return traced
        from archdsl.errors.values import NotAWord

        choices = [f'"{word}"' if word in KEYWORDS else word for word in param.choices]
        helps = did_you_mean(str(value), choices, span) if isinstance(value, str) else ()
        error = NotAWord(callee, param.name, ", ".join(choices))
        raise at.reporter.fail(error, span, helps=helps)
    if isinstance(value, Dim) and param.kind in ("int", "float", "number", "Size", "ints"):
        raise free_size(value, f"`{param.name}` of `{callee}`", span, at)
    accepts, expected, widen = _KINDS[param.kind]
    if not accepts(value):
        from archdsl.errors.values import WrongType

        where = f"`{param.name}` of `{callee}`"
        raise at.reporter.fail(WrongType(where, expected, described(value)), span, helps=_conversion(param.kind, value))
    return Traced(widen(value), traced.why)


def _conversion(kind: str, value: object) -> tuple[Help, ...]:
    """How a value of a near type would be written."""
    from archdsl.diagnostic import Help

    if kind in ("int", "Size") and isinstance(value, float):
        return (Help("`/` always gives a float: divide ints with `//`, or use round(...)"),)
    if kind == "Size" and is_list(value) and all(_int(item.value) for item in items(value)) and items(value):
        return (Help(f"a size is written {'x'.join(str(item.value) for item in items(value))}"),)
    return ()


def _int(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _list_of(accepts: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: is_list(value) and all(accepts(item.value) for item in items(value))


def _one_or_more(value: object) -> bool:
    return _int(value) or _list_of(_int)(value)


def _plain(value: object) -> object:
    return tuple(_plain(item.value) if is_list(item.value) else item.value for item in items(value))


def _is(*kinds: type) -> Callable[[object], bool]:
    return lambda value: isinstance(value, kinds)


def _size(value: object) -> bool:
    return _int(value) or isinstance(value, Size)


def _anything(value: object) -> bool:
    return True


def _same(value: object) -> object:
    return value


_KINDS: dict[str, tuple[Callable[[object], bool], str, Callable[[object], object]]] = {
    "any": (_anything, "anything", _same),
    "int": (_int, "an int", _same),
    "float": (_number, "a number", lambda value: float(cast("int | float", value))),
    "number": (_number, "a number", _same),
    "bool": (_is(bool), "true or false", _same),
    "str": (_is(str), "a string", _same),
    "Size": (_size, "an int or a size such as 3x3", _same),
    "ints": (_list_of(_int), "a list of ints", _plain),
    "floats": (_list_of(_number), "a list of numbers", _plain),
    "Axes": (_one_or_more, "an int or a list of ints", lambda value: _plain(value) if is_list(value) else (value,)),
    "Table": (_list_of(_list_of(_int)), "a list of lists of ints", _plain),
    "list": (is_list, "a list", _same),
    "step": (_is(StepValue), "a step, such as relu", _same),
    "steps": (_is(Braces), "braces, written behind the call", _same),
    "Mesh": (_is(Mesh), "a mesh", _same),
    "Device": (_is(Device), "a device of a mesh, such as gpus[0]", _same),
    "value": (_is(Tensor), "a value of the network, such as @", _same),
}
"""Kind -> what it accepts, how messages say it, how the value is widened."""


def block_params(block: Block, at: At) -> tuple[Param, ...]:
    """A block's parameters; one without a type takes its default's. Types that don't exist are reported."""
    if block.params is None:
        _refuse_second_params(block, at)
        there = block.file.place(at.session)  # a default's name means what it means in the block's own file
        block.params = tuple(
            Param(param.name.text, kind, False, (), param.default is None, None, kind == "steps")
            for param in block.declaration.params
            for kind in (_kind(param, there),)
        )
    return block.params


def _refuse_second_params(block: Block, at: At) -> None:
    first: dict[str, Span] = {}
    for param in block.declaration.params:
        name = param.name
        if first.setdefault(name.text, name.span) is not name.span:
            from archdsl.diagnostic import Label
            from archdsl.errors.names import Redefined

            at.reporter.report(Redefined(name.text), name.span, labels=(Label(first[name.text], "the first one"),))


_TYPES = {
    "int": "int", "float": "float", "number": "number", "bool": "bool", "string": "str", "size": "Size",
    "step": "step", "steps": "steps", "value": "value", "list": "list", "mesh": "Mesh", "device": "Device",
}  # fmt: skip
"""Type as annotated -> kind."""


def _kind(param: ast.Param, at: At) -> str:
    if param.type is None:
        return _default_kind(param.default, at)
    name = param.type.name
    kind = _TYPES.get(name.text)
    if kind is None:
        _refuse_type(name, at)
        return "any"
    return "list" if param.type.lists else kind


def _is_step(node: ast.Expr | None, at: At) -> bool:
    """Whether a name stands for a block or an op, as in `unit = bottleneck` or `norm = bn(eps=0.001)`."""
    if not isinstance(node, ast.Var):
        return False
    found = at.file.find(node.name, at.session)
    return isinstance(found.value, StepValue) if found is not None else ops.find(node.name) is not None


def _refuse_type(name: ast.Name, at: At) -> None:
    from archdsl.errors.names import UnknownName

    at.reporter.report(UnknownName("type", name.text), name.span, helps=did_you_mean(name.text, _TYPES, name.span))


def _default_kind(default: ast.Expr | None, at: At) -> str:
    """The kind of a parameter without a type, by how its default is written."""
    if _is_step(default.callee if isinstance(default, ast.Call) else default, at):
        return "step"
    if isinstance(default, ast.Unary) and default.op == "-":
        default = default.operand
    if isinstance(default, (ast.ListExpr, ast.Comprehension)):
        return "list"
    if isinstance(default, ast.Template):
        return "str"
    if not isinstance(default, ast.Literal) or default.value is None:
        return "any"
    if isinstance(default.value, bool):
        return "bool"
    return "number" if isinstance(default.value, float) else "Size"  # a kernel of 3 may become 3x1
