"""Networks and variants: which one is asked for, and the program that comes of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from archdsl.elaborate.calls import bind_params
from archdsl.elaborate.context import At, Names, Session
from archdsl.elaborate.files import SpecFile
from archdsl.elaborate.lookup import did_you_mean
from archdsl.elaborate.outputs import finish, last_value
from archdsl.elaborate.report import Failed
from archdsl.elaborate.scopes import ScopeBuilder
from archdsl.elaborate.settings import network_arguments
from archdsl.elaborate.statements import run_sequence
from archdsl.elaborate.unused import report_unused
from archdsl.elaborate.values import Block, Tensor
from archdsl.elaborate.variants import run_variant_body
from archdsl.ir.graph import Graph, Program
from archdsl.source import Span
from archdsl.syntax import ast


def build(file: SpecFile, target: str | None, settings: Mapping[str, object], session: Session) -> Program | None:
    """The program of a network or variant; None where not even a partial one could be made. Errors are reported."""
    try:
        network, variants = _resolve(file, target, session)
        return _build(file, network, variants, settings, session)
    except Failed:
        return None


def _resolve(file: SpecFile, target: str | None, session: Session) -> tuple[ast.Network, list[ast.Variant]]:
    """The network, and the variants that lead to it, the one asked for first."""
    start = Span(file.source, 0, 0)
    if target is None:
        return _main_network(file, session), []
    variants: list[ast.Variant] = []
    name, span = target, start
    while name in file.variants:
        variant = file.variants[name]
        if variant in variants:
            raise _made_of_itself(variants[variants.index(variant) :], session)
        variants.append(variant)
        name, span = variant.base.text, variant.base.span
    if name in file.networks:
        return file.networks[name], variants
    from archdsl.errors.files import NoSuchTarget

    known = [*file.networks, *file.variants]
    helps = did_you_mean(name, known, span)
    raise session.reporter.fail(NoSuchTarget(name, ", ".join(known) or "no network"), span, helps=helps)


def _made_of_itself(variants: Sequence[ast.Variant], session: Session) -> Failed:
    """Said of the first in the text, so that it is one mistake from whichever of them one starts."""
    from archdsl.errors.networks import VariantCycle

    first = min(range(len(variants)), key=lambda i: variants[i].span.start)
    names = [variant.name.text for variant in (*variants[first:], *variants[:first], variants[first])]
    return session.reporter.fail(VariantCycle(names[0], " = ".join(names)), variants[first].base.span)


def _main_network(file: SpecFile, session: Session) -> ast.Network:
    """The file's only network or, of several, the one that the file is named after."""
    if len(file.networks) == 1:
        return next(iter(file.networks.values()))
    if session.reporter.diagnostics.failed:
        raise Failed  # what could not be read may have been the network
    stem = file.source.name.replace("\\", "/").rpartition("/")[2].removesuffix(".arch")
    if stem in file.networks:
        return file.networks[stem]
    from archdsl.errors.files import NoNetwork, SeveralNetworks

    error = SeveralNetworks(", ".join(file.networks)) if file.networks else NoNetwork()
    raise session.reporter.fail(error, Span(file.source, 0, 0))


def _build(
    file: SpecFile,
    network: ast.Network,
    variants: Sequence[ast.Variant],
    settings: Mapping[str, object],
    session: Session,
) -> Program:
    block = Block(network, file)
    title = variants[0].name if variants else network.name
    graph = Graph("network", title.text, title.span)
    builder = ScopeBuilder(graph, ())
    at = At(session, file, Names(), builder, block=block)
    args = network_arguments(block, variants, settings, file, session)
    bind_params(block, args, iter(()), at)
    session.promises.clear()
    session.init.clear()
    session.keep_promises = not settings
    result = run_sequence(network.body, at)
    if not graph.inputs and (result is None or not session.reporter.diagnostics.failed):
        from archdsl.errors.shapes import BadInput

        error = BadInput(f"network `{network.name.text}` has no input", "needs an `input` before its steps")
        raise session.reporter.fail(error, network.name.span)
    last = last_value(result, at)
    for variant in reversed(variants):
        if variant.body is not None:
            run_variant_body(variant.body, at, own=variant is variants[0])
    finish(graph, last, at)
    report_unused(graph, session.reporter, result if isinstance(result, Tensor) else None)
    if session.stages and not session.reporter.diagnostics.failed:
        from archdsl.elaborate.staging import check_stages

        check_stages(graph, session.reporter)
    if session.splits and not session.reporter.diagnostics.failed:
        from archdsl.elaborate.exchanging import check_exchanges

        check_exchanges(graph, session.domain.nominals(), session.reporter)
    promises = tuple(session.promises)
    program = Program(title.text, graph, session.domain.nominals(), promises, session.domain, file.source)
    program.renames = tuple(session.renames)
    if session.init:
        from archdsl.elaborate.initialising import settle

        settle(program, at)
    return program
