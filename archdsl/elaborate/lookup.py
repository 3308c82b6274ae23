"""What a name or a reference stands for, and the message where it stands for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from archdsl import ops
from archdsl.elaborate.context import At
from archdsl.elaborate.flow import tensors_in
from archdsl.elaborate.report import Failed
from archdsl.elaborate.values import POISON, Block, Flow, StepValue, Tensor
from archdsl.elaborate.written import labels_in, lets_in
from archdsl.ir.why import Traced, Why
from archdsl.source import Span
from archdsl.syntax import ast

if TYPE_CHECKING:
    from archdsl.diagnostic import Help, Label
    from archdsl.ops.op import Op


def bind(name: ast.Name, traced: Traced, at: At) -> None:
    """Bind a name between the braces at hand. It may hide no other name."""
    taken = at.names.find(name.text)
    if taken is not None:
        from archdsl.diagnostic import Label
        from archdsl.errors.names import Redefined

        at.reporter.report(Redefined(name.text), name.span, labels=(Label(taken[1], "the first one"),))
        return
    at.names.own[name.text] = (traced, name.span)


def local(name: str, at: At) -> Traced | None:
    """A name of the block, or of the file; no op, no function."""
    found = at.names.find(name)
    if found is not None:
        return found[0]
    return at.file.find(name, at.session)


def find_op(word: str, span: Span, at: At) -> type[Op] | None:
    """The op of that name: a built-in one, else an installed package's."""
    op = ops.find(word)
    if op is not None:
        return op
    from archdsl.ops import installed

    try:
        return installed.find(word)
    except installed.Broken as broken:
        raise at.reporter.fail(broken.error, span) from None


def name(text: str, span: Span, at: At) -> Traced:
    """What a name in an expression stands for: locals, then the file, then ops."""
    found = local(text, at)
    if found is not None:
        return found
    op = find_op(text, span, at)
    if op is not None:
        value = StepValue(op)
        return Traced(value, Why("literal", span, value))
    from archdsl.errors.names import UnknownName

    labels = _out_of_reach(text, span, at)
    helps = () if labels else _nearest_value(text, span, at)
    raise at.reporter.fail(UnknownName("value", text), span, labels=labels, helps=helps)


_SPELLED = {"True": "true", "False": "false", "None": "none", "range": "0..n", "Range": "0..n"}
"""What Python calls a value."""


def _nearest_value(text: str, span: Span, at: At) -> tuple[Help, ...]:
    from archdsl.diagnostic import Edit, Help

    if text in _SPELLED:
        return (Help(f"it is written `{_SPELLED[text]}`", Edit(span, _SPELLED[text])),) if text[0] != "r" else (
            Help("a range is written 0..n, its end excluded"),
        )  # fmt: skip
    from archdsl import initial

    if initial.find(text) is not None:
        return (Help(f"`{text}` is an initialiser: it stands behind `init=`, in init {{ }}, or behind `param` ... ="),)
    if at.find(text) is not None:
        return (Help(f"the result of the step `{text}` is written `@{text}`", Edit(span, f"@{text}")),)
    return did_you_mean(text, [*at.names.all(), *at.file.names(), *ops.names()], span)


def _out_of_reach(name: str, span: Span, at: At) -> tuple[Label, ...]:
    """A `let` of that name elsewhere in the block: below, or between braces that ended."""
    from archdsl.diagnostic import Label

    written = lets_in(at.block.declaration.body).get(name) if at.block else None
    if written is None:
        return ()
    below = written.start > span.start
    return (Label(written, "defined only here, below" if below else "defined here, until the end of these braces"),)


def step(path: ast.Path, at: At) -> StepValue:
    """What a word in step position stands for. Only names that hold steps are considered, so a `let relu = 3` or a new
    op never breaks a spec."""
    word = path.parts[0].text
    if len(path.parts) > 1:
        return _imported_step(path, at)
    found = local(word, at)
    if found is not None:
        if found.value is POISON:
            raise Failed
        if isinstance(found.value, StepValue):
            return found.value
    op = find_op(word, path.span, at)
    if op is not None:
        return StepValue(op)
    if found is not None:
        from archdsl.elaborate.values import a_type
        from archdsl.errors.values import BadStep

        helps = _as_reference(word, path.span) if isinstance(found.value, Tensor) else ()
        raise at.reporter.fail(BadStep(word, a_type(found.value)), path.span, helps=helps)
    if at.find(word) is not None:
        raise unknown_step(word, path.span, at, _as_reference(word, path.span))
    raise unknown_step(word, path.span, at)


def _as_reference(word: str, span: Span) -> tuple[Help, ...]:
    from archdsl.diagnostic import Edit, Help

    return (Help(f"a value is written `@{word}`", Edit(span, f"@{word}")),)


_ELSEWHERE = {
    "batchnorm": "bn", "batch_norm": "bn", "batchnorm2d": "bn", "layer_norm": "layernorm", "group_norm": "groupnorm",
    "dense": "linear", "fc": "linear", "fully_connected": "linear", "max_pool": "maxpool", "max_pool2d": "maxpool",
    "maxpool2d": "maxpool", "avg_pool": "avgpool", "avgpool2d": "avgpool", "adaptive_avg_pool2d": "avgpool",
    "deconv": "conv_transpose", "swish": "silu", "lrelu": "leaky_relu", "cat": "concat", "reshape": "rearrange",
    "permute": "rearrange", "view": "rearrange", "interpolate": "upsample", "resize": "upsample",
    "droppath": "drop_path",
}  # fmt: skip
"""What other libraries call an op."""


def means_step(word: str, unit: ast.Use, at: At) -> bool:
    """Whether a connector's word is a step here: without braces a name of the spec's, or an op elsewhere (`dense(10)`);
    with them a block of the spec's that takes braces."""
    found = local(word, at)
    if unit.body is None:
        return word in _ELSEWHERE or found is not None
    target = found.value.target if found is not None and isinstance(found.value, StepValue) else None
    return isinstance(target, Block) and target.takes_braces


def unknown_step(word: str, span: Span, at: At, helps: tuple[Help, ...] = ()) -> Failed:
    from archdsl import connectors
    from archdsl.diagnostic import Edit, Help
    from archdsl.errors.names import UnknownStep
    from archdsl.ops import installed

    if helps:
        return at.reporter.fail(UnknownStep(word), span, helps=helps)
    here = _ELSEWHERE.get(word.lower())
    if here is not None:
        helps = (Help(f"it is called `{here}` here", Edit(span, here)),)
        return at.reporter.fail(UnknownStep(word), span, helps=helps)

    steps = [n for n in at.names.all() if isinstance((local(n, at) or _NOTHING).value, StepValue)]
    known = [*steps, *at.file.names(), *ops.names(), *connectors.names(), *installed.installed()]
    return at.reporter.fail(UnknownStep(word), span, helps=did_you_mean(word, known, span))


_NOTHING = Traced(None, Why("literal", None, None))


def _imported_step(path: ast.Path, at: At) -> StepValue:
    alias, member_name = path.parts[0], path.parts[1]
    found = member(alias.text, member_name, at) if len(path.parts) == 2 else None
    if found is None:
        from archdsl.errors.names import UnknownName

        if alias.text in at.file.unread:
            raise Failed
        helps = did_you_mean(alias.text, at.file.imports, alias.span)
        raise at.reporter.fail(UnknownName("import", alias.text), path.span, helps=helps)
    if not isinstance(found.value, StepValue):
        from archdsl.elaborate.values import a_type
        from archdsl.errors.values import BadStep

        raise at.reporter.fail(BadStep(path.text, a_type(found.value)), path.span)
    return found.value


def member(alias: str, name: ast.Name, at: At) -> Traced | None:
    """`alias.name` of an imported file; None where `alias` is no import."""
    if alias in at.file.unread and at.names.find(alias) is None:
        raise Failed
    imported = at.file.imports.get(alias)
    if imported is None or at.names.find(alias) is not None:
        return None
    found = imported.find(name.text, at.session)
    if found is not None:
        if found.value is POISON:
            raise Failed
        return found
    from archdsl.errors.names import UnknownName

    helps = did_you_mean(name.text, imported.names(), name.span)
    raise at.reporter.fail(UnknownName(f"name in {imported.source.name}", name.text), name.span, helps=helps)


def reference(node: ast.Ref, at: At) -> Flow | Traced:
    """`@`, `@in`, `@label`, `@"computed{i}"`, `@"group.path"`. A `let` or parameter that holds a value is no label."""
    if node.name is None:
        return flowing(node.span, at)
    if node.name == "in":
        if at.entry is None:
            raise no_current(node.span, at)
        return at.entry
    label = label_text(node, at)
    assert label is not None
    found = at.find(label)
    if found is None:
        bound = at.names.find(label)  # `@pre` after `let pre = @`, `@skip` for a parameter that is a value
        if bound is not None and bound[0].value is POISON:
            raise Failed
        if bound is not None and not isinstance(bound[0].value, (int, float, str, type(None), StepValue)):
            return bound[0]
        raise _no_label(label, node.span, at)
    if found.hidden:
        from archdsl.errors.names import LabelHidden

        raise at.reporter.fail(LabelHidden(label), node.span)
    return found.tensor


def flowing(span: Span, at: At) -> Flow:
    """`@`, or a message that nothing flows here yet."""
    if at.current is None:
        raise no_current(span, at)
    return at.current


def label_text(node: ast.Ref, at: At) -> str | None:
    """The label that a reference names; None for `@` and `@in`."""
    if node.name is None or node.name == "in":
        return None
    if isinstance(node.name, str):
        return node.name
    from archdsl.elaborate.expressions import text

    return text(node.name, at)


def current(word: str, span: Span, at: At) -> Tensor:
    """`@` for a step that works on one value, or a message that nothing flows here yet, or a list."""
    return single(flowing(span, at), f"`{word}` works on one value", span, at)


def single(value: Flow, rule: str, span: Span, at: At) -> Tensor:
    """A value that must not be a list; `rule` says who wants it so."""
    if isinstance(value, Tensor):
        return value
    from archdsl.errors.shapes import ListFlows

    raise at.reporter.fail(ListFlows(rule, str(len(tensors_in(value)))), span)


def no_current(span: Span, at: At) -> Failed:
    if len(at.entries) > 1:
        from archdsl.errors.networks import SeveralInputs

        names = [str(getattr(tensor.value.node, "label", "")) for entry in at.entries for tensor in tensors_in(entry)]
        return at.reporter.fail(SeveralInputs(" and ".join(f"`{name}`" for name in names[:4]), names[0]), span)
    from archdsl.errors.names import NoCurrent

    return at.reporter.fail(NoCurrent(), span)


def _no_label(label: str, span: Span, at: At) -> Failed:
    from archdsl.diagnostic import Label
    from archdsl.errors.names import LabelNotTaken, UnknownLabel

    skipped = at.scope.skipped_condition(label) or at.home.scope.skipped_condition(label)
    if skipped is not None:
        return at.reporter.fail(LabelNotTaken(label), span, labels=(Label(skipped, "this condition is false here"),))
    labels, notes = _label_out_of_reach(label, span, at)
    helps = ()
    if not labels and not notes:
        form = '@"{}"' if span.text.startswith('@"') else "@{}"
        helps = did_you_mean(label, at.home.scope.visible_labels(), span, form)
    return at.reporter.fail(UnknownLabel(label), span, labels=labels, notes=notes, helps=helps)


def _label_out_of_reach(label: str, span: Span, at: At) -> tuple[tuple[Label, ...], tuple[str, ...]]:
    """The label elsewhere: below in this block, or inside a block that is called."""
    from archdsl.diagnostic import Label

    written = labels_in(at.block.declaration.body).get(label) if at.block else None
    if written is not None and written.start > span.start:
        return (Label(written, "stands only here, below: references go up"),), ()
    if written is not None:
        return (Label(written, "stands here, in a scope that is not around the reference"),), ()
    head, dot, rest = label.rpartition(".")
    for block in at.file.blocks.values():
        if rest in labels_in(block.body) and (not dot or at.find(head) is not None):
            return (), (f"`{rest}` is inside block {block.name.text}: what a block call contains is not seen outside",)
    return (), ()


def did_you_mean(word: str, known: object, span: Span, form: str = "{}") -> tuple[Help, ...]:
    """A help, where a known word is near; with the edit, unless the text is not the word's own: a label may be
    computed, and a name given on the command line."""
    from collections.abc import Iterable
    from typing import cast

    from archdsl.diagnostic import Edit, Help
    from archdsl.errors.suggest import closest

    near = closest(word, cast("Iterable[str]", known))
    edit = Edit(span, form.format(near)) if word in span.text else None
    return (Help(f"did you mean `{near}`?", edit),) if near else ()
