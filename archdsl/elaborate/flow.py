"""What flows from step to step inside values of the language: found, replaced, carried over a block's edge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar, cast

from archdsl.elaborate.values import Braces, Flow, Given, Items, StepValue, Tensor, is_list, items
from archdsl.ir.why import ElsewhereWhy, Traced, Why
from archdsl.source import Span

T = TypeVar("T")


def listed(values: Iterable[Flow], span: Span) -> Items:
    """Values as a list that flows; `span` is what made it."""
    return Items.of(Traced(value, Why("literal", span, value)) for value in values)


def tensors_in(value: object) -> list[Tensor]:
    """The values of the network in a value of the language: itself, its items, or what a step has bound."""
    if isinstance(value, Tensor):
        return [value]
    if is_list(value):
        return [tensor for item in items(value) for tensor in tensors_in(item.value)]
    if isinstance(value, StepValue):
        return [tensor for given in value.given if given.traced for tensor in tensors_in(given.traced.value)]
    return []


def mentioned(value: object, *, within_braces: bool = False) -> list[Tensor]:
    """The values of the network that a value of the language brings along, braces among them or (`within_braces`) what
    braces bring along alone."""
    if isinstance(value, Braces):
        return value.values
    if is_list(value):
        return [tensor for item in items(value) for tensor in mentioned(item.value, within_braces=within_braces)]
    return [] if within_braces else tensors_in(value)


def distinct(tensors: Iterable[Tensor]) -> list[Tensor]:
    """Each value once."""
    return list({id(tensor.value): tensor for tensor in tensors}.values())


def seen_elsewhere(traced: Traced) -> Traced:
    """A value as braces see it in the block that unfolds them: its derivation speaks of another block's parameters."""
    value = traced.value
    if is_list(value):
        value = Items.of(seen_elsewhere(item) for item in items(value))
    elif isinstance(value, StepValue) and value.given:
        bound = (Given(g.name, g.span, g.traced and seen_elsewhere(g.traced), g.name_span) for g in value.given)
        value = StepValue(value.target, tuple(bound))
    why = traced.why if isinstance(traced.why, ElsewhereWhy) else ElsewhereWhy(traced.why)
    return Traced(value, why)


def with_tensors(value: T, tensors: Iterator[Tensor]) -> T:
    """The same with other values of the network in it, in the order of `tensors_in`."""
    return cast("T", _with_tensors(value, tensors))


def _with_tensors(value: object, tensors: Iterator[Tensor]) -> object:
    if isinstance(value, Tensor):
        return next(tensors)
    if is_list(value) and tensors_in(value):
        return Items.of(Traced(_with_tensors(item.value, tensors), item.why) for item in items(value))
    if isinstance(value, StepValue) and tensors_in(value):
        return StepValue(value.target, tuple(_given_with_tensors(given, tensors) for given in value.given))
    return value


def _given_with_tensors(given: Given, tensors: Iterator[Tensor]) -> Given:
    if given.traced is None:
        return given
    traced = Traced(_with_tensors(given.traced.value, tensors), given.traced.why)
    return Given(given.name, given.span, traced, given.name_span, own=given.own)
