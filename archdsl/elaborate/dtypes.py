"""The dtype in front of a shape: `input ids: int64 [N, L]`."""

from __future__ import annotations

from archdsl.elaborate.context import At
from archdsl.ir.shape import ITEM_SIZES
from archdsl.syntax import ast


def known_dtype(name: ast.Name | None, what: str, at: At) -> str:
    """The dtype of that name, float32 where none is written; `what` is declared with it."""
    if name is None:
        return "float32"
    if name.text in ITEM_SIZES:
        return name.text
    from archdsl.elaborate.lookup import did_you_mean
    from archdsl.errors.values import NotAWord

    helps = did_you_mean(name.text, ITEM_SIZES, name.span)
    raise at.reporter.fail(NotAWord(what, "the dtype", ", ".join(ITEM_SIZES)), name.span, helps=helps)
