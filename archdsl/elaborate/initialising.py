"""`init { }`: the rules of a network, read where they stand and held against its layers once it is whole."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import suppress

from archdsl import ops
from archdsl.elaborate.context import At
from archdsl.elaborate.expressions import text
from archdsl.elaborate.initialisers import Starts, fits, misfit, need_parameter, of_op, starts
from archdsl.elaborate.lookup import did_you_mean, find_op, local
from archdsl.elaborate.report import Failed
from archdsl.ir.graph import Program, Rule
from archdsl.ir.keys import matches
from archdsl.ir.starts import Rules, owners
from archdsl.source import Span
from archdsl.syntax import ast


def run_init(statement: ast.Init, at: At) -> None:
    """The lines of `init { }`, kept until the network is whole."""
    for line in statement.rules:
        if isinstance(line, ast.InitRule):
            try:
                at.session.init += list(_rules(line, at))
            except Failed:
                continue


def _rules(line: ast.InitRule, at: At) -> Iterator[Rule]:
    """A line as rules for one parameter each."""
    if isinstance(line.target, ast.Template):
        pattern = text(line.target, at)
        said = starts(line.value, "a rule", at)
        need_one(said, line, at)
        yield from (Rule(pattern, True, start, line.span) for _, start in said)
        return
    word = line.target.parts[0]
    op = find_op(word.text, word.span, at)
    if op is None:
        raise _unknown_op(word, at)
    param = ".".join(part.text for part in line.target.parts[1:])
    said = starts(line.value, "a rule", at)
    if param:
        need_one(said, line, at)
    span = Span(word.span.source, word.span.start, line.target.span.end)
    for name, start in of_op(op, [(param or name, start) for name, start in said], span, at):
        yield Rule(f"{op.name}.{name}", False, start, line.span)


def need_one(said: Starts, line: ast.InitRule, at: At) -> None:
    """`bn: constant(weight=1, bias=0)` is said of an op; where the target is a parameter, one value is."""
    if any(name for name, _ in said):
        from archdsl.errors.values import WrongType

        error = WrongType(f"`{line.target.span.text}`", "one initialiser", "values by the names of parameters")
        raise at.reporter.fail(error, line.value.span)


def _unknown_op(word: ast.Name, at: At) -> Failed:
    from archdsl.diagnostic import Help
    from archdsl.errors.names import UnknownName

    helps = did_you_mean(word.text, ops.names(), word.span)
    if local(word.text, at) is not None or not helps:
        helps = (Help('a rule names an op (conv, conv.bias) or, in quotes, paths: "layer1.*.weight"'),)
    return at.reporter.fail(UnknownName("op", word.text), word.span, helps=helps)


# ---- once the network is whole


def settle(program: Program, at: At) -> None:
    """Hold the rules against the layers: which name nothing, which never count, which can't start what they name."""
    program.init = rules = tuple(at.session.init)
    if at.reporter.diagnostics.failed:
        return
    asked = Rules(rules)
    effort = sum(rule.pattern for rule in rules) // 8
    names_something: set[Rule] = set()
    counts: set[Span] = set()
    replaced: dict[Span, Span] = {}
    misfits: set[Span] = set()
    seen: set[Hashable] = set()
    of_packages: dict[str, dict[str, None]] = {}
    for owner in owners(program.graph, once=not asked.by_path):
        at.session.spend("work", effort, rules[-1].span)
        op = owner.layer.op
        if op.weights is None:
            of_packages.setdefault(op.name, {}).update(dict.fromkeys(param.name for param in owner.params))
        for param in owner.params:
            if not asked.by_path:
                case = (op.name, op.links, param.name, len(param.shape), param.name in owner.layer.starts)
                if case in seen:
                    continue
                seen.add(case)
            found = asked.naming(owner, param.name)
            names_something.update(found)
            if not found or param.name in owner.layer.starts:
                continue
            last = found[-1]
            counts.add(last.span)
            replaced.update((rule.span, last.span) for rule in found[:-1])
            if last.span not in misfits and not fits(last.start, len(param.shape), op.links):
                misfits.add(last.span)
                path = ".".join((*owner.path, param.name))
                at.reporter.report(misfit(last.start, path, param.shape, op.links), last.span)
    _need_parameters(rules, names_something, of_packages, at)
    for rule in rules:
        if rule.pattern and rule not in names_something:
            _names_nothing(rule, program, at)
        elif rule.span in replaced and rule.span not in counts:
            counts.add(rule.span)
            from archdsl.diagnostic import Label
            from archdsl.errors.names import RuleReplaced

            at.reporter.report(RuleReplaced(), rule.span, labels=(Label(replaced[rule.span], "this one counts"),))


def _need_parameters(rules: Sequence[Rule], named: Set[Rule], params: Mapping[str, Iterable[str]], at: At) -> None:
    """What an op of a package has is known of its steps only: a rule for one names a parameter of some step.

    params: of each such op in the network, those of all its steps.
    """
    lines = {rule.span for rule in named}
    for rule in rules:
        op, _, name = rule.target.partition(".")
        if not rule.pattern and op in params and rule.span not in lines:
            lines.add(rule.span)
            with suppress(Failed):
                need_parameter(op, tuple(params[op]), name, rule.span, at)


def _names_nothing(rule: Rule, program: Program, at: At) -> None:
    from itertools import islice

    from archdsl.diagnostic import Help
    from archdsl.errors.names import PatternWithoutMatch
    from archdsl.errors.suggest import closest

    paths = [".".join((*one.path, param.name)) for one in islice(owners(program.graph), 500) for param in one.params]
    deeper = next((path for path in paths if matches(f"{rule.target}.*", path)), None)
    if deeper is not None:
        helps: tuple[Help, ...] = (Help(f'a pattern names parameters, not layers: "{rule.target}.weight"'),)
    else:
        near = closest(rule.target.strip("*."), paths)
        helps = (Help(f"there is {near}"),) if near else ()
    at.reporter.report(PatternWithoutMatch(rule.target), rule.span, helps=helps)
