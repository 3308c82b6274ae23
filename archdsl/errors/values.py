"""E04xx: values, types and arguments."""

from __future__ import annotations

from typing import ClassVar

from archdsl.diagnostic import Error


class WrongType(Error):
    """A value of another type than the place takes.

        conv(64, 3x3, bias=1)      # bias is a bool: true or false

    Integers widen to floats and sizes; nothing else is converted.
    """

    code: ClassVar[str] = "E0401"
    title: ClassVar[str] = "{where} takes {expected}, not {found}"
    label: ClassVar[str] = "this is {found}"

    where: str
    expected: str
    found: str


class MissingArgument(Error):
    """A parameter without a default was given no argument.

    conv(64)               # conv needs a kernel: conv(64, 3x3)
    """

    code: ClassVar[str] = "E0402"
    title: ClassVar[str] = "`{callee}` needs an argument for `{name}`"
    label: ClassVar[str] = "`{name}` is missing"

    callee: str
    name: str


class TooManyArguments(Error):
    """More arguments by position than the callee takes. Options are given by name.

    conv(64, 3x3, 2)       # which option? conv(64, 3x3, stride=2)
    """

    code: ClassVar[str] = "E0403"
    title: ClassVar[str] = "`{callee}` takes {most} by position"
    label: ClassVar[str] = "one too many"

    callee: str
    most: str


class GivenTwice(Error):
    """One parameter with two arguments.

    conv(64, 3x3, channels=32)     # 64 is the channels already
    """

    code: ClassVar[str] = "E0404"
    title: ClassVar[str] = "`{name}` of `{callee}` is given twice"
    label: ClassVar[str] = "the second `{name}`"

    callee: str
    name: str


class NotAWord(Error):
    """A parameter that takes one of a few words got something else.

    pad(1, mode=mirror)        # mode is one of constant, reflect, replicate, circular
    """

    code: ClassVar[str] = "E0405"
    title: ClassVar[str] = "`{name}` of `{callee}` is one of {choices}"
    label: ClassVar[str] = "not one of them"

    callee: str
    name: str
    choices: str


class BadOperands(Error):
    """An operator between values it isn't defined for.

    64 + "px"
    [1, 2] < 3
    a == relu                  # steps can't be compared: pass a boolean
    """

    code: ClassVar[str] = "E0406"
    title: ClassVar[str] = "`{op}` is not defined for {left} and {right}"
    label: ClassVar[str] = "{left} `{op}` {right}"

    op: str
    left: str
    right: str


class NotBoolean(Error):
    """A condition that is neither true nor false. Numbers are not conditions here.

    if depth { ... }           # write: if depth > 0
    """

    code: ClassVar[str] = "E0407"
    title: ClassVar[str] = "{where} is a boolean, not {found}"
    label: ClassVar[str] = "this is {found}"

    where: str
    found: str


class Arithmetic(Error):
    """A calculation without a result: division by zero, a number beyond 64 bits, a float that is not finite.

        let share = width // groups        # with groups = 0
        let many = 2 ^ 63                  # integers have 64 bits

    The marked expression is the one that fails; the notes say in which call.
    """

    code: ClassVar[str] = "E0408"
    title: ClassVar[str] = "{what}"
    label: ClassVar[str] = "no result"

    what: str


class OutOfList(Error):
    """An index outside its list or string. Items and characters are counted from 0.

    [3, 4, 6, 3][4]            # the last is [3]
    """

    code: ClassVar[str] = "E0409"
    title: ClassVar[str] = "the {holder} has {length} {parts}, so there is no {part} {index}"
    label: ClassVar[str] = "outside the {holder}"

    length: int
    index: int
    holder: str = "list"
    part: str = "item"
    parts: str = "items"


class NotAList(Error):
    """`for`, `len` or an index applied to something that isn't a list.

    for i in 4 { ... }         # a range is written 0..4
    """

    code: ClassVar[str] = "E0410"
    title: ClassVar[str] = "{where} takes a list, not {found}"
    label: ClassVar[str] = "this is {found}"

    where: str
    found: str


class BadUnpack(Error):
    """A pattern with more or fewer names than the item has parts.

    for a, b in [[1, 2, 3]] { ... }
    """

    code: ClassVar[str] = "E0411"
    title: ClassVar[str] = "{names} names for an item of {parts}"
    label: ClassVar[str] = "does not fit the items"

    names: int
    parts: str


class NegativeCount(Error):
    """A step can't be written a negative number of times: `step * n` needs n >= 0.

        unit(64) * (n - 1)         # with n = 0 that is -1 times

    None at all is fine: `* 0` writes nothing. Correct the count, or guard it: `max(0, n - 1)`.
    """

    code: ClassVar[str] = "E0412"
    title: ClassVar[str] = "a step can't be repeated {count} times"
    label: ClassVar[str] = "this is {count}"

    count: int


class NoAttribute(Error):
    """An attribute that the value doesn't have.

    A value of the network has `.channels`, `.height`, `.width`, `.features` (the last axis), `.shape` and `.rank`.
    """

    code: ClassVar[str] = "E0413"
    title: ClassVar[str] = "{found} has no attribute `{name}`"
    label: ClassVar[str] = "no such attribute"

    found: str
    name: str


class NotCallable(Error):
    """A call of something that is no step and no function.

        let width = 64
        conv(width(3), 3x3)        # `width` is a number

    Functions are `len`, `min`, `max` and the like; an op or block can be given arguments and used as a step.
    """

    code: ClassVar[str] = "E0414"
    title: ClassVar[str] = "{found} can't be called"
    label: ClassVar[str] = "not a step and not a function"

    found: str


class BadFunctionUse(Error):
    """A function with arguments it doesn't take.

    len(3), max(), divisible(64, 0)
    """

    code: ClassVar[str] = "E0415"
    title: ClassVar[str] = "`{function}` {reason}"
    label: ClassVar[str] = "`{function}` can't take this"

    function: str
    reason: str


class FreeSize(Error):
    """A fixed number is needed, but this depends on a size that is free.

        input image: [N, 3, H = 224, W = 224]
        conv(@.height, 1x1)        # the weights would change with H

    The nominal size (224) is for reports only. Fix the size in `input`, or use something that doesn't depend on it.
    """

    code: ClassVar[str] = "E0416"
    title: ClassVar[str] = "{where} must be a fixed number, but {value} depends on the free size {symbols}"
    label: ClassVar[str] = "this is {value}"
    help: ClassVar[str] = "fix the size in the network's `input`"

    where: str
    value: str
    symbols: str


class RoundedOutside(Error):
    """A number with a suffix (`4.09G`) says "rounds to the digits written": only `expect` can compare with one.

        linear(4K)                 # linear(4096) or linear(4_000)?

    Write the number out; underscores may group its digits.
    """

    code: ClassVar[str] = "E0417"
    title: ClassVar[str] = "`{text}` can only stand in `expect`"
    label: ClassVar[str] = "a rounded number"

    text: str


class BadStep(Error):
    """A word in step position that holds something other than a step.

        let width = 64
        width -> relu              # `width` is a number; conv(width, 3x3) -> relu

    A step is an op, a block, a connector, or a parameter or `let` that holds one.
    """

    code: ClassVar[str] = "E0418"
    title: ClassVar[str] = "`{name}` is {found}, not a step"
    label: ClassVar[str] = "not a step"

    name: str
    found: str


class NotStepArguments(Error):
    """An op that works on one value was handed a value as an argument, or one of several got too few.

    conv(@enc1, 64, 3x3)       # write: @enc1 -> conv(64, 3x3)
    add(@enc1)                 # add what? write: add(@, @enc1)
    """

    code: ClassVar[str] = "E0419"
    title: ClassVar[str] = "`{callee}` takes {expected}"
    label: ClassVar[str] = "{found}"

    callee: str
    expected: str
    found: str


class NoBraces(Error):
    """Braces behind a step that takes none, or a connector without its braces.

        relu { conv(64, 3x3) }     # relu takes no braces
        residual                   # residual { ... }

    Braces belong to connectors and to blocks with a parameter `body: steps`.
    """

    code: ClassVar[str] = "E0420"
    title: ClassVar[str] = "{what}"
    label: ClassVar[str] = "{place}"

    what: str
    place: str


class CannotHold(Error):
    """What a `param`, `buffer` or `const` is to hold does not fit its shape or dtype.

        buffer index: int64 [4] = [0, 1, 2]            # three numbers for four elements
        const shift: [3, 1, 1] = [[0.5, 0.5, 0.5]]     # nested otherwise than the shape
        param order: int64 [4]                         # what is trained holds floats

    The value is an initialiser (`zeros`, `normal(std=0.02)`), one number for all elements, a plain list of as many
    numbers as there are elements, or a list nested as the shape is.
    """

    code: ClassVar[str] = "E0426"
    title: ClassVar[str] = "`{name}` {what}"
    label: ClassVar[str] = "{place}"

    name: str
    what: str
    place: str


class CannotShare(Error):
    """Something that an op can't have for its own parameter.

        buffer table: [10, 64] = ones
        linear(10, weight=@table)              # only what is trained can be shared
        linear(10, weight=@tower.weight)       # a block call's tensors are its own

    What can be shared is a parameter of a step of this block or network, `@fc.weight` or `@"group.fc".weight`, and a
    `param` that is declared in it, `@table`.
    """

    code: ClassVar[str] = "E0427"
    title: ClassVar[str] = "`{text}` {reason}"
    label: ClassVar[str] = "{place}"

    text: str
    reason: str
    place: str


class SeveralIndices(Error):
    """Several indices in one pair of brackets, for what has only one row of items.

        [[1, 2], [3, 4]][1, 0]     # [1][0]: the first item of the second list

    A mesh of several axes takes an index for each: `pod[1, 0]` is a device of `mesh pod[2, 4]`.
    """

    code: ClassVar[str] = "E0428"
    title: ClassVar[str] = "{found} takes one index"
    label: ClassVar[str] = "a second one"
    help: ClassVar[str] = "write a pair of brackets for each: [i][j]"

    found: str
