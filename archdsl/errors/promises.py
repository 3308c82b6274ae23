"""E07xx: what a spec promises with `expect` and doesn't keep."""

from __future__ import annotations

from archdsl.diagnostic import Error


class PromiseBroken(Error):
    """A figure isn't what the spec says it is.

    `expect params == 25_557_032`, `expect macs == 4.09G` and `expect receptive_field == 427` are checked at every
    compile, at the nominal sizes and N = 1. A number with a suffix counts to the digits written: `4.09G` is kept by
    anything that rounds to it. `params` counts every parameter, trainable or not; `macs` counts convolutions and
    matrix products alone (one multiply and add is one MAC; FLOPs are twice that); `receptive_field` is that of the
    last map before the first global op.

    Example:
        network tiny {
            input x: [N, 3]
            linear(2)
            expect params == 6         # 3 * 2 weights and 2 biases are 8
        }

    Mend: if the network is right, write the figure that the message gives; if the figure is from a paper, the network
    differs from it, and `archdsl summary` tells what each step contributes.
    """

    what: str
    written: str
    actual: str
    difference: str

    code = "E0701"
    title = "{what}: {written} promised, {actual} found"
    label = "is {actual}{difference}"


class OutputBroken(Error):
    """The output's shape isn't the one that the spec promises.

    Example:
        network tiny {
            input x: [N, 3]
            linear(2)
            expect output == [N, 3]
        }

    Mend: write the shape that the message gives, or correct the last step.
    """

    what: str
    written: str
    actual: str

    code = "E0702"
    title = "{what}: {written} promised, {actual} found"
    label = "is {actual}"


class NoSuchFigure(Error):
    """`expect` speaks of a figure that isn't known.

    Known are `params`, `macs`, `output` and `receptive_field`.

    Example:
        expect parameters == 6

    Mend: write one of the known words.
    """

    name: str
    known: str

    code = "E0703"
    title = "`expect` doesn't know `{name}`"
    label = "known are {known}"


class NoComparison(Error):
    """`expect` names a figure, but not what it is to be.

    Example:
        expect params

    Mend: compare it: `expect params == 11_689_512`, `expect macs < 2G`.
    """

    name: str

    code = "E0706"
    title = "`expect {name}` promises nothing"
    label = "has no comparison"
    help = "say what it is to be: expect {name} == ..."


class NoSuchOutput(Error):
    """A promise is about an output that the network does not have, or not about a certain one of several.

    With one main output, `expect output == [N, 1000]` is about that. With several each is named:
    `expect output.mask == [N, 2, H, W]`. Those of training can be named too.

    Example:
        network two {
            input x: [N, 3]
            output a: linear(2)
            output b: linear(4)
            expect output == [N, 2]
        }

    Mend: name one of the outputs that the message lists.
    """

    what: str
    known: str

    code = "E0707"
    title = "{what}"
    label = "the outputs are {known}"


class NotComparable(Error):
    """A promise compares a figure with something of another kind, or in a way that makes no sense for it.

    `output` is compared with a shape by `==`; `params` and `macs` with a number; `receptive_field` with a number or a
    size (`427`, `427x211`).

    Example:
        expect params == [N, 1000]

    Mend: compare the figure with its own kind.
    """

    name: str
    expected: str

    code = "E0704"
    title = "`expect {name}` can't be compared like that"
    label = "expected {expected}"


class NoReceptiveField(Error):
    """A receptive field is promised by a network that has no maps: its input has no axes behind the channels.

    Example:
        network tiny {
            input x: [N, 3]
            linear(2)
            expect receptive_field == 1
        }

    Mend: leave the promise out.
    """

    code = "E0705"
    title = "this network has no receptive field"
    label = "the input has no spatial axes"
