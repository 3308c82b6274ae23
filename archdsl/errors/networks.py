"""E10xx: what a network takes and gives back, and its variants."""

from __future__ import annotations

from archdsl.diagnostic import Error


class SeveralInputs(Error):
    """A step takes the current value, or `@in`, where a network has several inputs: none of them is it.

    Example:
        network twins {
            input left: [N, 3]
            input right: [N, 3]
            linear(2)                  # of which?
        }

    Mend: begin with a reference: `@left -> linear(2)`, or give the values as arguments: `concat(@left, @right)`.
    """

    names: str
    first: str

    code = "E1001"
    title = "there is no current value here: the network's inputs are {names}"
    label = "takes the current value"
    help = "begin with a reference: @{first} -> ..."


class InputBehindSteps(Error):
    """An input is declared behind steps. The steps above took the input there was as their current value, and of
    several inputs none is that.

    Example:
        network twins {
            input left: [N, 3]
            linear(2)
            input right: [N, 3]
        }

    Mend: declare all inputs first.
    """

    name: str

    code = "E1002"
    title = "the input `{name}` is declared behind steps"
    label = "belongs above the first step"


class UnusedInput(Error):
    """An input that no output depends on.

    Example:
        network twins {
            input left: [N, 3]
            input right: [N, 3]
            @left -> linear(2)         # and `right`?
        }

    Mend: use it, or take it out.
    """

    name: str

    code = "E1003"
    title = "the input `{name}` is not used"
    label = "leads nowhere"


class BadOutputName(Error):
    """A name that an output can't have: outputs are fields of a named tuple, `model(image).mask`.

    Example:
        output "a-b": conv(2, 1x1)

    Mend: choose a name of letters, digits and `_` that begins with a letter. The step behind it may have a label of its
    own: `output mask: "a-b": conv(2, 1x1)`.
    """

    name: str
    reason: str

    code = "E1004"
    title = "`{name}` can't name an output: {reason}"
    label = "not a usable name"


class DuplicateOutput(Error):
    """Two outputs with one name. In a network that states no main output, the last value is called `output`.

    Example:
        output mask: conv(2, 1x1)
        output mask: conv(4, 1x1)

    Mend: choose another name; in a loop, compute it: `output "tap{i}": @"layer{i}"`.
    """

    name: str

    code = "E1005"
    title = "there is an output `{name}` already"
    label = "the second `{name}`"


class OutputInside(Error):
    """An output is stated in a block, a group, a labelled connector, a `checkpoint`, or in another output's side chain.
    Outputs are what the network gives back, so it states them itself.

    Example:
        head: {
            conv(8, 1x1)
            output mask: conv(2, 1x1)
        }

    Mend: label the step and state it behind the group, by its path: `output mask: @"head.mask"`. What a block call
    contains is not seen outside: have the block give its result back, or state the output behind the call.
    """

    place: str
    name: str

    code = "E1006"
    title = "an output can't stand in {place}"
    label = "belongs to the network"
    help = "state it in the network, by the label of a step: output {name}: @label"


class VariantCycle(Error):
    """Variants that are made of each other: no network stands behind them.

    Example:
        variant small = large(depth=18)
        variant large = small(depth=50)

    Mend: have one of them name a network.
    """

    name: str
    chain: str

    code = "E1007"
    title = "the variant `{name}` is made of itself: {chain}"
    label = "leads back to `{name}`"
