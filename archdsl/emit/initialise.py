"""How parameters start: the last statements of the network's constructor.

    one or two layers:    a call for each parameter, `nn.init.zeros_(self.fc.bias)`
    more:                 a loop over the modules, with a branch for each class of layers that start alike
    many different ones:  a call for each parameter, `nn.init.zeros_(self.get_parameter("fc.bias"))`

PyTorch visits modules in the order of registration, and so does the random stream.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import cached_property, partial, reduce
from itertools import groupby

from archdsl.emit.code import Call, Expr, Infix, Literal, Name, Tuple
from archdsl.emit.frame import origin
from archdsl.emit.layout import block
from archdsl.emit.names import OWN, is_attribute
from archdsl.emit.own import seen_as
from archdsl.emit.select import Tests, select
from archdsl.emit.statements import Do, For, If, Stmt
from archdsl.emit.survey import Survey
from archdsl.emit.torch_forms import module_form
from archdsl.ir.graph import Program
from archdsl.ir.starts import Owner, Rules, owners, starts_anything
from archdsl.ops import form
from archdsl.record import Record

FEW = 2
"""So many layers are written out one by one."""

MOST_BRANCHES = 20
"""A longer chain is no easier to read than calls one by one, and Python can't compile it at any length."""


class Module(Record):
    """A layer as the constructor sees it.

    kind:     its class, as `isinstance` sees it.
    fills:    for each of its parameters the call that fills `m`'s, None where PyTorch's own constructor has the word. A
              parameter that it lacks (`bias=False`) is not among them.
    patterns: those of the rules that count.
    special:  more is said of it than of every layer of its op.
    """

    path: tuple[str, ...]
    kind: str
    fills: dict[str, Expr | None]
    patterns: tuple[str, ...]
    special: bool

    @cached_property
    def name(self) -> str:
        return ".".join(self.path)


class Branch(Record):
    """What is done with modules of some classes.

    names: those it is done with.
    among: those and the others of their classes that no branch before has taken; `patterns` help to tell them apart.
    """

    kinds: tuple[str, ...]
    names: tuple[str, ...]
    among: frozenset[str]
    patterns: tuple[str, ...]
    body: tuple[Stmt, ...]

    @property
    def tests(self) -> Tests:
        return select(self.names, self.among, self.patterns)

    def joined(self, other: Branch) -> Branch:
        """One for both, whose bodies are equal."""
        return Branch(
            (*self.kinds, *other.kinds),
            (*self.names, *other.names),
            self.among | other.among,
            (*self.patterns, *other.patterns),
            self.body,
        )

    @property
    def condition(self) -> Expr:
        kinds = tuple(map(Name, self.kinds))
        is_one = Call(Name("isinstance"), (Name("m"), kinds[0] if len(kinds) == 1 else Tuple(kinds)))
        return reduce(partial(Infix, "and"), (is_one, *self.tests))


def initialise(program: Program, survey: Survey) -> tuple[Stmt, ...]:
    """The statements, none where nothing is said of any parameter."""
    if not starts_anything(program, survey.graphs):
        return ()
    rules = Rules(program.init)
    if not rules.by_path:
        layers = _modules(program, rules, survey, once=True)
        if not _drawn(layers):
            return ()
        if branches := _by_class(layers):
            return (_loop(branches, program),)
    modules = _modules(program, rules, survey)
    drawn = _drawn(modules)
    if not drawn:
        return ()
    if len(drawn) <= FEW and all(is_attribute(part) for module in drawn for part in module.path):
        return tuple(_one_by_one(_as_registered(drawn, modules), by_attribute=True))
    groups = _groups(modules)
    if sum(map(len, groups.values())) > MOST_BRANCHES:
        return tuple(_one_by_one(_as_registered(drawn, modules), by_attribute=False))
    return (_loop(list(_branches(groups, modules)), program),)


def _by_class(layers: Sequence[Module]) -> list[Branch]:
    """The branches, if their classes alone tell how many layers start; else none. Then it doesn't matter whether a
    layer stands for one module or for several."""
    groups = _groups(layers)
    if len(_drawn(layers)) <= FEW or len(groups) > MOST_BRANCHES:
        return []
    branches = list(_branches(groups, layers))
    return [] if any(branch.tests for branch in branches) else branches


def _drawn(modules: Sequence[Module]) -> list[Module]:
    """Those of which anything is said."""
    return [module for module in modules if any(module.fills.values())]


def _groups(modules: Sequence[Module]) -> dict[str, list[list[Module]]]:
    """For each class of which anything is said, those together that start alike."""
    kinds = dict.fromkeys(module.kind for module in _drawn(modules))
    return {kind: _alike([module for module in modules if module.kind == kind]) for kind in kinds}


def _modules(program: Program, rules: Rules, survey: Survey, *, once: bool = False) -> list[Module]:
    """All modules with parameters of their own; `once`: one for each layer, however many modules it stands for."""
    found: list[Module] = []
    known: dict[Hashable, Module] = {}
    for owner in owners(program.graph, once=once):
        case = None if rules.by_path else _case(owner)
        one = known.get(case) if case is not None else None
        if one is None:
            one = known[case] = _module(owner, rules, survey)
        found.append(Module(owner.path, one.kind, one.fills, one.patterns, one.special))
    return found


def _case(owner: Owner) -> Hashable:
    """Equal for layers of which the same is said, where rules speak of ops and not of paths."""
    layer = owner.layer
    if layer.starts:
        return layer
    callee, groups = module_form(layer).callee, getattr(layer.op, "groups", 1)
    return layer.op.name, callee, groups, layer.tied, *((param.name, len(param.shape)) for param in owner.params)


def _module(owner: Owner, rules: Rules, survey: Survey) -> Module:
    fills: dict[str, Expr | None] = dict.fromkeys(owner.layer.tied)
    patterns: dict[str, None] = {}
    groups = getattr(owner.layer.op, "groups", 1)
    for param in owner.params:
        start = rules.start(owner, param.name)
        call = start.torch(len(param.shape), groups) if start else None
        fills[param.name] = _fill(call, f"m.{param.name}") if call else None
        patterns.update((rule.target, None) for rule in rules.naming(owner, param.name)[-1:] if rule.pattern)
    callee = module_form(owner.layer).callee
    kind = survey.foreign.get(callee) or seen_as(callee)
    return Module(owner.path, kind, fills, tuple(patterns), bool(patterns or owner.layer.starts))


def _fill(call: form.Call, tensor: str) -> Call:
    args = tuple(Name(tensor) if isinstance(arg, form.X) else Literal(arg) for arg in call.args)
    defaults = dict(call.defaults)
    kwargs = tuple((name, Literal(value)) for name, value in call.kwargs if defaults.get(name, ...) != value)
    return Call(Name(call.callee), args, kwargs)


# ---- one by one


def _as_registered(drawn: Sequence[Module], modules: Sequence[Module]) -> list[Module]:
    """In the order in which PyTorch holds them: a container stands where it was first mentioned."""
    first: dict[tuple[str, ...], int] = {}
    for module in modules:
        for depth in range(len(module.path)):
            first.setdefault(module.path[: depth + 1], len(first))
    return sorted(drawn, key=lambda module: [first[module.path[: d + 1]] for d in range(len(module.path))])


def _one_by_one(modules: Sequence[Module], *, by_attribute: bool) -> Iterator[Stmt]:
    for module in modules:
        for name, fill in module.fills.items():
            if isinstance(fill, Call):
                key = f"{module.name}.{name}"
                found = Name(f"self.{key}") if by_attribute else Call(Name("self.get_parameter"), (Literal(key),))
                yield Do(Call(fill.callee, (found, *fill.args[1:]), fill.kwargs))


# ---- in a loop


def _loop(branches: Sequence[Branch], program: Program) -> For:
    chain: tuple[Stmt, ...] = ()
    for branch in reversed(branches):
        chain = (If(branch.condition, branch.body, orelse=chain),)
    place = origin(program.init[0].span) if program.init else None
    if any(branch.tests for branch in branches):
        return For((Name("name"), Name("m")), Call(Name("self.named_modules")), chain, place)
    return For(Name("m"), Call(Name("self.modules")), chain, place)


def _branches(groups: Mapping[str, list[list[Module]]], modules: Sequence[Module]) -> Iterator[Branch]:
    """Those of one class in turn, special ones first; classes that need no telling apart and start alike are one."""
    found: dict[Hashable, Branch] = {}
    others = [module for module in modules if _may_be_another(module)]
    for kind, of_kind in groups.items():
        for branch in _of_kind(kind, of_kind, others):
            key = (kind, len(found)) if branch.tests else tuple(block(branch.body, 0))
            known = found.pop(key, None)  # what they share stands behind the special ones of each
            found[key] = known.joined(branch) if known else branch
    for _, alike in groupby(found.values(), lambda branch: tuple(block(branch.body, 0))):
        yield reduce(Branch.joined, alike)


def _of_kind(kind: str, groups: Sequence[list[Module]], others: Sequence[Module]) -> Iterator[Branch]:
    left = {module.name for group in groups for module in group}
    left.update(name for module in others for name in _may_be_taken_for(kind, module))
    for group in sorted(groups, key=lambda group: (not any(module.special for module in group), len(group))):
        if any(group[0].fills.values()):
            names = [module.name for module in group]
            patterns = dict.fromkeys(pattern for module in group for pattern in module.patterns)
            yield Branch((kind,), tuple(names), frozenset(left), tuple(patterns), tuple(_body(group)))
            left.difference_update(names)


def _may_be_another(module: Module) -> bool:
    """Whether it may be of more classes than its own, or hold modules."""
    return _is_foreign(module) or any("." in param for param in module.fills)


def _is_foreign(module: Module) -> bool:
    return not module.kind.startswith("nn.") and module.kind not in OWN


def _may_be_taken_for(kind: str, module: Module) -> Iterator[str]:
    """Modules of other classes for which `isinstance` may be true as well: subclasses, and what is inside a layer."""
    foreign = _is_foreign(module)
    if foreign and module.kind != kind:
        yield module.name
    if foreign or kind == "nn.Linear":  # of torch's own layers only attention has one inside, a linear map
        yield from (f"{module.name}.{inner}" for param in module.fills if (inner := param.rpartition(".")[0]))


def _alike(modules: Sequence[Module]) -> list[list[Module]]:
    """Modules together whose parameters start in the same way, as far as they have them; the first has the most."""
    by_params: dict[tuple[str, ...], list[Module]] = {}
    for module in modules:
        by_params.setdefault(tuple(module.fills), []).append(module)
    groups: list[list[Module]] = []
    for params in sorted(by_params, key=len, reverse=True):
        fitting = [group for group in sorted(groups, key=len) if not set(params) - set(group[0].fills)]
        known = {_said(group[0], params): group for group in fitting}
        said_by: dict[int, Hashable] = {}  # by what is shared: many modules start alike
        for module in by_params[params]:
            said = said_by.get(id(module.fills))
            if said is None:
                said = said_by[id(module.fills)] = _said(module, params)
            if said not in known:
                known[said] = []
                groups.append(known[said])
            known[said].append(module)
    return groups


def _said(module: Module, params: tuple[str, ...]) -> Hashable:
    return tuple(fill.flat() if (fill := module.fills[param]) else None for param in params)


def _body(group: Sequence[Module]) -> Iterator[Stmt]:
    """The calls, under a test where some of the modules lack the parameter."""
    for name, fill in group[0].fills.items():
        if fill is None:
            continue
        if all(name in module.fills for module in group):
            yield Do(fill)
        else:
            yield If(Infix("is not", Name(f"m.{name}"), Literal(None)), (Do(fill),))
