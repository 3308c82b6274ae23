"""E02xx: names, labels and references."""

from __future__ import annotations

from typing import ClassVar

from archdsl.diagnostic import Error


class UnknownName(Error):
    """A name that nothing declares here.

    Names come from the block's parameters, `let`, loop variables, the file, its imports, and the built-in functions and
    ops, in this order. A name must stand above its use; `let` and loop variables end with their braces.

        conv(widht, 3x3)       # no `widht`: did you mean `width`?
    """

    code: ClassVar[str] = "E0201"
    title: ClassVar[str] = "there is no {what} named `{name}`"
    label: ClassVar[str] = "unknown name"

    what: str
    name: str


class UnknownStep(Error):
    """A word in step position that is no op, no block, no connector and no parameter that holds a step.

        convv(64, 3x3)         # did you mean `conv`?

    `archdsl ops` lists the ops.
    """

    code: ClassVar[str] = "E0202"
    title: ClassVar[str] = "there is no op, block or connector named `{name}`"
    label: ClassVar[str] = "unknown step"

    name: str


class UnknownLabel(Error):
    """A reference to a step that can't be seen from here.

    `@name` is the result of the step labelled `name` above, in this scope or one around it, up to the block's edge.
    There are no forward references, and what a block call contains is not seen from outside.

        enc1: conv(64, 3x3, pad=1)
        concat(@enc2, @)       # no step `enc2` above
    """

    code: ClassVar[str] = "E0203"
    title: ClassVar[str] = "no step labelled `{name}` stands above"
    label: ClassVar[str] = "refers to nothing"

    name: str


class LabelNotTaken(Error):
    """A reference to a step in an `if` that was not taken.

        if wide { extra: conv(64, 1x1) }
        add(@extra, @)         # `wide` is false: there is no `extra`

    Put the reference under the same condition, or give both cases a step.
    """

    code: ClassVar[str] = "E0204"
    title: ClassVar[str] = "the step `{name}` does not exist here: its condition is not met"
    label: ClassVar[str] = "refers to a step that was left out"

    name: str


class LabelHidden(Error):
    """A reference to a step that may not run.

    Labels in `residual(drop=...)` are not seen outside it, and those of an output that is made in training only are not
    seen outside its side chain.

        residual(drop=0.1) { a: conv(64, 3x3, pad=1) }
        concat(@a, @)              # in training the body of a sample is left out: then there is no `a`

    Refer to what comes behind the `residual`, or move the step in front of it.
    """

    code: ClassVar[str] = "E0205"
    title: ClassVar[str] = "the step `{name}` may not run, so its result can't be used here"
    label: ClassVar[str] = "refers to a step that does not always run"

    name: str


class DuplicatePath(Error):
    """Two steps with one path. Paths are the keys of the weights, so each step needs its own.

        conv1: conv(64, 3x3)
        conv1: conv(64, 3x3)   # taken

    In a loop, compute the label: `"conv{i}": ...`.
    """

    code: ClassVar[str] = "E0206"
    title: ClassVar[str] = "there is a step `{path}` already in this scope"
    label: ClassVar[str] = "the second `{path}`"

    path: str


class BadLabel(Error):
    """A label that PyTorch can't use for a submodule, or that would break the module.

    Labels become attributes of the module and keys of its `state_dict`. So they can't be empty, hold a dot at their
    ends, be a Python keyword or `__dunder__`, or be an attribute that `nn.Module` or `nn.Sequential` has already
    (`train`, `forward`, `append`, ...).

        forward: conv(64, 3x3)     # would replace the module's own `forward`
    """

    code: ClassVar[str] = "E0207"
    title: ClassVar[str] = "`{name}` can't be a label: {reason}"
    label: ClassVar[str] = "not a usable label"

    name: str
    reason: str


class IntoScope(Error):
    """A dotted label that writes into a block call or a group from outside.

        layer1: bottleneck(64)
        "layer1.extra": conv(64, 1x1)      # layer1 is a block call

    A dotted label makes plain containers; a scope is written only between its own braces.
    """

    code: ClassVar[str] = "E0208"
    title: ClassVar[str] = "`{path}` would write into `{owner}`, which is {kind}"
    label: ClassVar[str] = "writes into another scope"

    path: str
    owner: str
    kind: str


class Redefined(Error):
    """A name that is taken. A `let` never changes and hides no other name, so one name means one thing.

    let width = 64
    let width = 128        # choose another name
    """

    code: ClassVar[str] = "E0209"
    title: ClassVar[str] = "`{name}` is defined already"
    label: ClassVar[str] = "the second `{name}`"

    name: str


class UnknownArgument(Error):
    """An argument that the op, block or connector doesn't have.

    conv(64, 3x3, padding=1)       # conv calls it `pad`
    """

    code: ClassVar[str] = "E0210"
    title: ClassVar[str] = "`{callee}` has no parameter `{name}`"
    label: ClassVar[str] = "unknown parameter"

    callee: str
    name: str


class Unused(Error):
    """A step whose result no output depends on.

        conv(64, 3x3)
        @image -> conv(32, 1x1)    # begins anew, so the first conv leads nowhere

    Use the result (`concat(@a, @b)`), or take the step out.
    """

    code: ClassVar[str] = "E0211"
    title: ClassVar[str] = "{what} is not used"
    label: ClassVar[str] = "leads nowhere"

    what: str


class DropsValue(Error):
    """A reference in mid-chain: the value that flows in would be lost.

        conv(64, 3x3) -> @other -> relu        # the conv's result would be dropped

    A chain may begin with a reference; to combine, use `add(@, @other)` or `concat(@, @other)`.
    """

    code: ClassVar[str] = "E0212"
    title: ClassVar[str] = "a reference in mid-chain drops the value before it"
    label: ClassVar[str] = "the current value is lost here"
    help: ClassVar[str] = "begin a chain with the reference, or combine both: add(@, {text})"

    text: str


class NoCurrent(Error):
    """There is no value to work on yet: a network's steps begin behind its `input`.

    network net() {
        conv(64, 3x3)              # on what?
        input image: [N, 3, 32, 32]
    }
    """

    code: ClassVar[str] = "E0213"
    title: ClassVar[str] = "there is no current value here"
    label: ClassVar[str] = "nothing flows into this"
    help: ClassVar[str] = "declare what the network takes first: input image: [N, 3, 224, 224]"


class Misplaced(Error):
    """A statement where it can't stand: `input` and `expect` belong to a network, `shortcut` to `residual`.

        block unit {
            input x: [N, 3]        # a block takes what it is handed: `@in`
        }

    Move it to the place that the message names.
    """

    code: ClassVar[str] = "E0215"
    title: ClassVar[str] = "{what} can't stand here"
    label: ClassVar[str] = "{reason}"

    what: str
    reason: str


class NoSuchParameter(Error):
    """An initialiser, or `freeze`, for parameters that the step doesn't have.

        init { conv.biases: zeros }    # conv has weight and bias
        relu(init=zeros)               # relu has no parameters

    A bare op means its weight, `bn.bias` one parameter, `constant(weight=1, bias=0)` several. Running statistics are no
    parameters: they always start at mean 0 and variance 1.
    """

    code: ClassVar[str] = "E0216"
    title: ClassVar[str] = "`{op}` has no {what}"
    label: ClassVar[str] = "names nothing"

    op: str
    what: str


class UnfoldedTwice(Error):
    """A block uses the braces behind its call a second time in one scope: their steps would get their names twice.

        block twice(body: steps) {
            body
            body               # the same names again
        }

    With a label each use is a group of its own, and so it is in braces of its own:

        first: body
        second: body

        { body } * 2
    """

    code: ClassVar[str] = "E0217"
    title: ClassVar[str] = "`{name}` is unfolded a second time here"
    label: ClassVar[str] = "its steps have their names already"

    name: str


class KeyMoves(Error):
    """A lint: an unlabelled step with weights stands behind a conditional one in its scope.

    Unlabelled steps are numbered, so the step's key in the `state_dict` changes with the condition, and weights saved
    with the flag on don't load with it off. A label fixes the key. Where published weights want just these keys, a
    comment on the line of the condition or of the step allows it:

        if wide { conv(64, 1x1) }  # allow W0201
        conv(64, 3x3)          # key "1" or "0"
    """

    code: ClassVar[str] = "W0201"
    severity: ClassVar[str] = "warning"
    title: ClassVar[str] = "the key of this step changes with a condition"
    label: ClassVar[str] = "numbered {name}, because the condition is {answer}"
    help: ClassVar[str] = "give it a label, or end the line in `# allow W0201`"

    name: str
    answer: str


class TensorMisplaced(Error):
    """A step's tensor where a value of the network, or a number, is wanted.

        wte: embedding(50257, 768)
        matmul(@, @wte.weight)                 # a tensor of a step is no value
        linear(50257, weight=@wte.weight)      # fine: the op takes it for its own `weight`

    `@label.weight` is written for an op's own parameter only, by that parameter's name. A tensor that several steps
    compute with is a `param`: declare it, and it is a value as well.
    """

    code: ClassVar[str] = "E0226"
    title: ClassVar[str] = "`{text}` can't stand here: it is a step's tensor, no value"
    label: ClassVar[str] = "only an op's own parameter takes it"
    help: ClassVar[str] = "give it to a step by name, as in linear(10, weight={text}), or declare a `param`"

    text: str


class NotRunnable(Error):
    """`@label(x)` runs a labelled step again, with the weights that it has, where the module can call it.

        tower: { conv(64, 3x3) -> relu }
        @tower(@right)                 # the same weights on another value
        @image(@right)                 # an input is no step

    The step stands in the same scope, or in a finished group of it (`@"stage.tower"(x)`). From within other braces that
    are a scope it is out of reach: their module doesn't hold it. What it runs on are values, by position.
    """

    code: ClassVar[str] = "E0227"
    title: ClassVar[str] = "`{text}` {reason}"
    label: ClassVar[str] = "{place}"

    text: str
    reason: str
    place: str


class PatternWithoutMatch(Error):
    """A lint: a path pattern of `init { }` that no parameter of the network matches.

    Patterns are matched with whole paths of parameters, the keys of the `state_dict`; `*` stands for anything, dots
    too.

        init { "layer*.bn3": zeros }           # no parameter is called so
        init { "layer*.bn3.weight": zeros }    # good

    Where the pattern is meant for some forms of the network only, put its `init` under an `if`.
    """

    code: ClassVar[str] = "W0202"
    severity: ClassVar[str] = "warning"
    title: ClassVar[str] = "no parameter matches `{pattern}`"
    label: ClassVar[str] = "this rule does nothing"

    pattern: str


class RuleReplaced(Error):
    """A lint: a rule of `init { }` that never counts, because later ones name all that it names.

        init {
            conv: normal(std=0.01)
            "*.weight": xavier_uniform     # names all of them again
        }

    The last rule that names a parameter is the one that counts, so general rules stand above special ones.
    """

    code: ClassVar[str] = "W0203"
    severity: ClassVar[str] = "warning"
    title: ClassVar[str] = "this rule never counts: later ones name all that it names"
    label: ClassVar[str] = "without effect"
