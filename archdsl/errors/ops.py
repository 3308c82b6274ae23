"""E05xx: parameters of ops that are of the right type and still make no sense."""

from __future__ import annotations

from typing import ClassVar

from archdsl.diagnostic import Error


class OutOfRange(Error):
    """A parameter outside the values that its op is defined for.

        conv(64, 0x0)              # a kernel is at least 1
        dropout(1.5)               # a probability is between 0 and 1
        maxpool(3x3, stride=0)     # a stride is at least 1

    PyTorch takes some of these and fails later, or computes nonsense; here they are refused where they are written.
    """

    code: ClassVar[str] = "E0501"
    title: ClassVar[str] = "`{param}` of `{op}` must be {allowed}, not {value}"
    label: ClassVar[str] = "this is {value}"

    op: str
    param: str
    allowed: str
    value: str


class GroupsDoNotDivide(Error):
    """The number of groups must divide the channels, those that come in and those that go out.

        input image: [N, 3, 224, 224]
        conv(64, 3x3, groups=4)    # 3 channels can't be shared out among 4 groups

    Take a number of groups that divides both, or another number of channels.
    """

    code: ClassVar[str] = "E0502"
    title: ClassVar[str] = "{groups} groups do not divide {channels} {which} channels"
    label: ClassVar[str] = "{channels} / {groups} is not an integer"
    help: ClassVar[str] = "{advice}"

    groups: int
    channels: int
    which: str
    advice: str


class WrongDirections(Error):
    """A size with more or fewer numbers than the input has spatial axes.

        input signal: [N, 1, 16000]
        conv(64, 3x3)              # one spatial axis: conv(64, 3)

    A plain number means the same along every axis.
    """

    code: ClassVar[str] = "E0503"
    title: ClassVar[str] = "`{param}` of `{op}` is {value}, but the input has {wanted}"
    label: ClassVar[str] = "numbers for {given} axes"

    op: str
    param: str
    value: str
    given: int
    wanted: str


class PadTooLarge(Error):
    """A pool's padding may be at most half of its kernel: beyond it, windows would lie in the padding alone.

    maxpool(2x2, pad=2)        # at most pad=1
    """

    code: ClassVar[str] = "E0504"
    title: ClassVar[str] = "`{op}` pads by {pad}, more than half of its kernel of {kernel}"
    label: ClassVar[str] = "at most {most}"

    op: str
    pad: int
    kernel: int
    most: int


class NoSuchAxis(Error):
    """An axis that the input doesn't have. Axis 0 is the batch, axis 1 the channels; -1 is the last.

    input features: [N, 10]
    softmax(axis=2)            # the axes are 0 and 1
    """

    code: ClassVar[str] = "E0505"
    title: ClassVar[str] = "`{op}` along axis {axis}, but the input {shape} has axes 0 to {last}"
    label: ClassVar[str] = "no such axis"

    op: str
    axis: int
    shape: str
    last: int


class BadPattern(Error):
    """A `rearrange` pattern that says nothing sensible.

        rearrange("n c h w -> n (h w) c")            # good: every name on both sides
        rearrange("n c h w -> n (h w)")              # c is lost: rearrange keeps every element
        rearrange("n (h a) w -> n h w a", a=2)       # good: h follows from the size of the axis and a

    The notation is that of einops: names for axes, parentheses for axes that are composed (the last name varies
    fastest), `...` for all axes in its place, 1 for an axis of size 1.
    """

    code: ClassVar[str] = "E0506"
    title: ClassVar[str] = "the pattern `{pattern}` {reason}"
    label: ClassVar[str] = "in this pattern"

    pattern: str
    reason: str


class OutputPadTooLarge(Error):
    """`output_pad` chooses among the output sizes that one stride covers, so it is smaller than stride or dilation.

    conv_transpose(64, 3x3, stride=2, output_pad=1)      # 0 or 1
    """

    code: ClassVar[str] = "E0507"
    title: ClassVar[str] = "`output_pad` {value} must be smaller than the stride or the dilation"
    label: ClassVar[str] = "at most {most}"

    value: str
    most: str


class NeedsOneOf(Error):
    """An op that can be given its size in two ways was given neither.

    maxpool(3x3)               # windows of 3x3
    maxpool(out=7x7)           # as many windows as give 7x7
    """

    code: ClassVar[str] = "E0508"
    title: ClassVar[str] = "`{op}` needs `{first}` or `{second}`"
    label: ClassVar[str] = "neither is given"

    op: str
    first: str
    second: str


class NotTogether(Error):
    """Two parameters that exclude one another.

    avgpool(3x3, out=1x1)      # a kernel, or the output's size from which it follows
    """

    code: ClassVar[str] = "E0509"
    title: ClassVar[str] = "`{first}` and `{second}` of `{op}` exclude one another"
    label: ClassVar[str] = "one too many"

    op: str
    first: str
    second: str


class NotApplicable(Error):
    """A value that doesn't fit this input or the op's other parameters.

    input signal: [N, 4, 100]
    upsample(2, mode=bilinear)         # one spatial axis: mode=linear
    """

    code: ClassVar[str] = "E0510"
    title: ClassVar[str] = "`{param}={value}` of `{op}` {reason}"
    label: ClassVar[str] = "does not apply here"
    help: ClassVar[str] = "{advice}"

    op: str
    param: str
    value: str
    reason: str
    advice: str = ""


class BadTable(Error):
    """A connection table that doesn't fit the maps. It has a row for each output map, which lists the input maps seen.

        input image: [N, 3, 32, 32]
        conv(2, 5x5, connect=[[0, 1], [1, 2]])       # two output maps: the first sees maps 0 and 1

    Maps are counted from 0.
    """

    code: ClassVar[str] = "E0512"
    title: ClassVar[str] = "`connect` of `{op}` {reason}"
    label: ClassVar[str] = "{wanted}"

    op: str
    reason: str
    wanted: str


class OutsideAxis(Error):
    """An index or a slice that reaches beyond its axis, or a slice that holds nothing.

        input tokens: [N, 197, 768]
        select(1, 197)             # 0 to 196
        slice(1, 100, 100)         # empty

    Python clips slices without a word; here the numbers must fit.
    """

    code: ClassVar[str] = "E0511"
    title: ClassVar[str] = "`{op}` takes {what} of axis {axis}, whose size is {size}"
    label: ClassVar[str] = "{reason}"

    op: str
    what: str
    axis: int
    size: str
    reason: str


class StartDoesNotFit(Error):
    """An initialiser that is not defined for a tensor of that shape.

        bn: kaiming_normal         # one axis: there is no number of inputs to scale by
        "*": orthogonal            # matches the biases as well: say "*.weight"

    `kaiming_*`, `xavier_*` and `orthogonal` take two axes or more, `identity` the weight of a linear layer or of a
    convolution; `normal`, `uniform`, `trunc_normal`, `constant`, `zeros` and `ones` take any. None of the first takes a
    convolution with a connection table: its output maps see different numbers of input maps, which its weight, a kernel
    for each link, doesn't tell. It starts by what each map sees, if nothing is said.
    """

    code: ClassVar[str] = "E0520"
    title: ClassVar[str] = "`{start}` can't start `{param}`, whose shape is {shape}"
    label: ClassVar[str] = "takes tensors of {wanted}"

    start: str
    param: str
    shape: str
    wanted: str
