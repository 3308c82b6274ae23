"""E13xx: device groups. E1301 to E1329 are about layouts, E1350 and up about plans."""

from __future__ import annotations

from typing import ClassVar

from archdsl.diagnostic import Error


class BadMesh(Error):
    """A mesh whose axes are not positive integers, or with more than 4,096 devices.

        mesh gpus[0]

    Write how many devices there are along each axis: `mesh gpus[2]`, `mesh pod[4, 8]`.
    """

    code: ClassVar[str] = "E1301"
    title: ClassVar[str] = "mesh `{name}` can't have {found}"
    label: ClassVar[str] = "{expected}"

    name: str
    found: str
    expected: str


class UnevenShare(Error):
    """A number of maps or units that the devices of a `split` can't share.

        mesh gpus[2]
        split(gpus) { conv(97, 3x3) }     # 97 maps over 2 devices

    Each device computes its share of a layer's outputs, so their number is a multiple of the number of devices or, with
    `by`, of the sum of the proportion. Nothing is rounded, as that would be another network.
    """

    code: ClassVar[str] = "E1302"
    title: ClassVar[str] = "{param}={count} can't be shared out over {mesh}"
    label: ClassVar[str] = "{count} does not divide into {proportion}"
    help: ClassVar[str] = "the nearest that do: {near}"

    param: str
    count: int
    mesh: str
    proportion: str
    near: str


class NeedsExchange(Error):
    """A step in a `split` that needs all of a value of which each device holds a share only.

        split(gpus) {
            conv(96, 11x11) -> relu
            softmax(axis=1)               # looks at all channels
        }

    Nothing is moved between devices that the spec does not say. Write `exchange` before the step, which makes the value
    whole, or move the step out of the split.
    """

    code: ClassVar[str] = "E1303"
    title: ClassVar[str] = "`{step}` needs all of a value that is shared out over {mesh}"
    label: ClassVar[str] = "each device holds a part along axis {axis} only"

    step: str
    mesh: str
    axis: int


class UnlikeLayouts(Error):
    """A step in a `split` whose operands lie on the devices in different ways.

        split(gpus) {
            a: conv(96, 3x3, pad=1)
            exchange -> b: relu           # whole
            add(@a, @b)                   # a is shared out
        }

    What is joined number by number must lie alike: all whole, or all shared out in the same proportion along the same
    axis. `exchange` makes a value whole.
    """

    code: ClassVar[str] = "E1304"
    title: ClassVar[str] = "`{step}` joins values that lie on the devices in different ways"
    label: ClassVar[str] = "one is {first}, the other {second}"

    step: str
    first: str
    second: str


class TornGroups(Error):
    """A step in `groups` that don't fall on whole devices.

        mesh gpus[4]
        split(gpus) { conv(96, 3x3) -> conv(96, 3x3, groups=2) }     # 2 groups on 4 devices

    In a `split` groups are counted over the whole layer, and each lies on one device: their number is a multiple of the
    number of devices. A convolution without `groups` that is fed a shared-out value has one group a device.
    """

    code: ClassVar[str] = "E1305"
    title: ClassVar[str] = "the {groups} groups of `{step}` don't fall on whole devices of {mesh}"
    label: ClassVar[str] = "make it a multiple of {devices}, shared out evenly"

    step: str
    groups: int
    mesh: str
    devices: int


class UnequalGroups(Error):
    """A step that works on each device's own channels, where these are shared out unevenly.

        split(gpus, by=[3, 5]) { conv(64, 3x3) -> lrn }

    On one device that would be groups of different sizes.
    """

    code: ClassVar[str] = "E1306"
    title: ClassVar[str] = "`{step}` can't work on shares of different sizes"
    label: ClassVar[str] = "what comes in is shared out over {mesh} as {proportion}"
    help: ClassVar[str] = "write `exchange` before it, or share out evenly"

    step: str
    mesh: str
    proportion: str


class SplitInSplit(Error):
    """A `split` in another one.

        split(gpus) { conv(64, 3x3) -> split(gpus) { conv(64, 3x3) } }

    A value is shared out along one axis over one group of devices. A second axis of devices is the data axis, which is
    chosen when the network is loaded, or a `stage` around the split.
    """

    code: ClassVar[str] = "E1307"
    title: ClassVar[str] = "a split can't stand in a split"
    label: ClassVar[str] = "values are shared out over {mesh} already"

    mesh: str


class NothingToExchange(Error):
    """An `exchange` of a value that every device has all of.

        split(gpus) { exchange -> conv(64, 3x3) }     # what enters a split is whole

    It moves what a `split` has shared out: the results of layers with weights, and what is made of them map by map.
    """

    code: ClassVar[str] = "E1308"
    title: ClassVar[str] = "there is nothing to exchange"
    label: ClassVar[str] = "this value is whole already"
    help: ClassVar[str] = "leave it out"


class BadProportion(Error):
    """A proportion that does not give every device of the mesh a share.

        mesh gpus[2]
        split(gpus, by=[3, 5, 8]) { conv(64, 3x3) }

    `by` has one positive integer for each device.
    """

    code: ClassVar[str] = "E1309"
    title: ClassVar[str] = "by={by} is no proportion for {mesh}"
    label: ClassVar[str] = "{reason}"

    by: str
    mesh: str
    reason: str
