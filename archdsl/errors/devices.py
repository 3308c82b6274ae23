"""E13xx: device groups. E1301 to E1319 are about layouts, E1320 to E1339 about running on several
devices, E1350 and up about plans."""

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


class Coordinates(Error):
    """A device of a mesh with fewer or more indices than the mesh has axes.

        mesh pod[2, 2, 4]
        on(pod[1, 0]) { ... }     # pod[1, 0, 3]

    A device has an index along each axis. A single one is its number: they are counted along the last axis first.
    """

    code: ClassVar[str] = "E1316"
    title: ClassVar[str] = "{mesh} has {axes}, not {given}"
    label: ClassVar[str] = "which device is meant?"
    help: ClassVar[str] = "give an index for each axis, or the device's number alone"

    mesh: str
    axes: str
    given: int


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
    number of devices or, with `by`, of the sum of the proportion. A convolution without `groups` that is fed a
    shared-out value has one group a device.
    """

    code: ClassVar[str] = "E1305"
    title: ClassVar[str] = "the {groups} groups of `{step}` don't fall on whole devices of {mesh}"
    label: ClassVar[str] = "make it a multiple of {unit}"

    step: str
    groups: int
    mesh: str
    unit: int


class PlacedTwice(Error):
    """A `split` or an `on` within another one.

        split(gpus) { conv(64, 3x3) -> split(gpus) { conv(64, 3x3) } }
        split(gpus) { on(gpus[0]) { conv(64, 3x3) } }

    A value is shared out along one axis over one group of devices, or lies on one of them. A second axis of devices is
    the data axis, which is chosen when the network is loaded, or that of stages, around the split.
    """

    code: ClassVar[str] = "E1307"
    title: ClassVar[str] = "{what} can't stand in {around}"
    label: ClassVar[str] = "where these steps run is said already"

    what: str
    around: str


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


class StageInside(Error):
    """A `stage` that does not stand in the network itself.

        split(gpus) { stage { conv(64, 3x3) } }
        block tower { stage { conv(64, 3x3) } }

    A pipeline's stages run one behind the other, so they stand one below the other in the network; `for`, `if` and
    `section` may be around them. A split stands in a stage, not around it.
    """

    code: ClassVar[str] = "E1310"
    title: ClassVar[str] = "a stage can't stand in {where}"
    label: ClassVar[str] = "it belongs to the network itself"

    where: str


class OutsideStages(Error):
    """A step outside of the stages of a network that has some.

        stage { conv(64, 3x3) -> relu }
        stage { conv(64, 3x3) -> relu }
        linear(10)                        # on whose device?

    With one stage, every step of the network has one: move the step into the stage before or behind it.
    """

    code: ClassVar[str] = "E1311"
    title: ClassVar[str] = "this step stands in no stage"
    label: ClassVar[str] = "the network has stages, so each of its steps belongs to one"
    help: ClassVar[str] = "move it into the stage before or behind it"


class SharedByStages(Error):
    """Two stages that need the same weights: a step that is run again, or a tensor that is tied, in another stage.

        stage { wte: embedding(50257, 768) }
        stage { linear(50257, bias=false, weight=@wte.weight) }

    Each stage has its weights on its own device, and a pipeline hands on values, not weights. Put both steps into one
    stage, or give the second weights of its own.
    """

    code: ClassVar[str] = "E1312"
    title: ClassVar[str] = "`{name}` has its weights in stage {owner}, but stage {user} needs them"
    label: ClassVar[str] = "in stage {user}"

    name: str
    owner: int
    user: int


class NotADeviceMesh(Error):
    """What is given as `mesh` is no `torch.distributed.device_mesh.DeviceMesh`.

    One is made in every process, once they know of each other; its axis for the split has the spec's name:

        from torch.distributed.device_mesh import init_device_mesh

        mesh = init_device_mesh("cpu", (2,), mesh_dim_names=("gpus",))
        model = archdsl.load("alexnet.arch", mesh=mesh)

    `torchrun --nproc-per-node 2 train.py` starts the processes. For several devices in one process, use `devices=`.
    """

    code: ClassVar[str] = "E1320"
    title: ClassVar[str] = "`mesh` takes a DeviceMesh, not {found}"
    label: ClassVar[str] = "to be run by several processes"
    help: ClassVar[str] = "{make}"

    found: str
    make: str


class NoMeshAxis(Error):
    """A DeviceMesh none of whose axes is the spec's group of devices.

        mesh gpus[2]                                                       # the spec
        init_device_mesh("cpu", (2, 2), mesh_dim_names=("data", "tensor")) # the script

    The axis over which values are shared out has the name of the spec's mesh; all other axes are data axes, whose
    processes have the same weights and different samples. A mesh of one axis without a name is taken as the spec's. A
    mesh of several axes in the spec, `mesh pod[2, 2]`, is one axis here, of four processes.
    """

    code: ClassVar[str] = "E1321"
    title: ClassVar[str] = "no axis of the DeviceMesh is `{mesh}`: it has {axes}"
    label: ClassVar[str] = "its values are shared out over `{mesh}`"
    help: ClassVar[str] = "make it so: {make}"

    mesh: str
    axes: str
    make: str


class OtherMeshSize(Error):
    """A DeviceMesh whose axis has another number of processes than the spec's mesh has devices.

        mesh gpus[2]                                               # the spec
        init_device_mesh("cpu", (4,), mesh_dim_names=("gpus",))    # the script

    How many devices share is part of the network: it decides which maps a layer sees. More processes are used along a
    data axis, fewer by loading the network on one device.
    """

    code: ClassVar[str] = "E1322"
    title: ClassVar[str] = "the DeviceMesh has {found} processes along `{axis}`, but the spec says {mesh}"
    label: ClassVar[str] = "shared out over {size} devices"
    help: ClassVar[str] = "{mend}"

    found: int
    axis: str
    mesh: str
    size: int
    mend: str


class OutsideMesh(Error):
    """A process loads the network for a DeviceMesh that it is not in.

    A DeviceMesh may have fewer processes than were started; only its own have a part of the network. Load it where
    `mesh.get_coordinate()` is not None.
    """

    code: ClassVar[str] = "E1323"
    title: ClassVar[str] = "process {rank} is not in the DeviceMesh"
    label: ClassVar[str] = "it has no part of this network"
    help: ClassVar[str] = "load it in the processes of the mesh: if mesh.get_coordinate() is not None"

    rank: int


class UnlikeNetworks(Error):
    """The processes of a mesh load different networks.

    They must load the same spec, with the same variant and parameters: otherwise one would wait for a message that the
    other never sends, or take it for another. Compared is what the spec compiles to, so comments don't count.
    """

    code: ClassVar[str] = "E1324"
    title: ClassVar[str] = "processes {ranks} load another network than process {first}"
    label: ClassVar[str] = "must be the same in all processes: spec, variant and parameters"

    ranks: str
    first: int


class UnlikeSeeds(Error):
    """The processes of a mesh are about to draw different random numbers.

    The weights are drawn in every process for the whole network, which keeps its part; likewise dropout draws for the
    whole value and the whole batch. So what all draw together is what one device would draw, if all start alike. Seed
    by the rank nothing but the order of the samples, with a generator of its own.
    """

    code: ClassVar[str] = "E1325"
    title: ClassVar[str] = "the random numbers of processes {ranks} are others than those of process {first}"
    label: ClassVar[str] = "{what}"
    help: ClassVar[str] = "call torch.manual_seed with the same number in all processes"

    ranks: str
    first: int
    what: str


class UnlikeInputs(Error):
    """The devices that share one network are given different samples.

    They compute one network together, so all need the same input; it is along a data axis that processes have samples
    of their own. With a `DistributedSampler` give it the data axis alone:

        DistributedSampler(dataset, mesh["data"].size(), mesh["data"].get_local_rank())

    This is looked at when the network runs for the first time.
    """

    code: ClassVar[str] = "E1326"
    title: ClassVar[str] = "processes {ranks} are given another input than process {first}"
    label: ClassVar[str] = "all devices of {mesh} take the same samples"

    ranks: str
    first: int
    mesh: str


class CannotCut(Error):
    """A network that can't be run by several devices, though it is right on one.

    The message says why. What `rrelu` draws, and attention's `dropout`, depends on all of the values that the step is
    given: a device that has a share of them, or none, can't draw the same. `exchange` before such a step makes its
    value whole, on every device; outside of `on` every device has it. Dropouts can be drawn everywhere.
    """

    code: ClassVar[str] = "E1327"
    title: ClassVar[str] = "{network} can't run on several devices: {reason}"
    label: ClassVar[str] = "right on one device only"

    network: str
    reason: str


class UnlikeSequences(Error):
    """Two devices would send their messages in different orders, and so wait for each other for ever.

    Before a network runs on several devices, what each sends and receives is derived from the graph, forward and
    backward, and compared. No spec should bring this about: please report it.
    """

    code: ClassVar[str] = "E1328"
    title: ClassVar[str] = "{first} and {second} would not exchange the same values in the same order"
    label: ClassVar[str] = "transfer {number} of the {way} pass: {here} against {there}"

    first: str
    second: str
    way: str
    number: int
    here: str
    there: str


class OtherDeviceCount(Error):
    """`devices=` names another number of devices than the spec's mesh has.

        archdsl.load("alexnet.arch", devices=["cuda:0", "cuda:1"])

    It takes one torch device for each of the mesh's; the same one may be named several times.
    """

    code: ClassVar[str] = "E1331"
    title: ClassVar[str] = "`devices` names {found}, but the spec says {mesh}"
    label: ClassVar[str] = "one torch device for each of {size}"

    found: str
    mesh: str
    size: int


class NoDeviceGroup(Error):
    """`devices=` for a network that says nothing of devices.

    Which layers see which maps is part of the spec: `split(gpus) { }`, `on(gpus[1]) { }`. A network without them runs
    on one device, and as replicas of it: `load(path, device=...)`, or `mesh=` with a data axis.
    """

    code: ClassVar[str] = "E1330"
    title: ClassVar[str] = "{network} has no split, so it can't be divided over several devices"
    label: ClassVar[str] = "no `split` and no `on` in it"

    network: str


class OtherProcesses(Error):
    """A run is started with a number of processes that its devices and stages don't divide.

        torchrun --nproc-per-node 3 -m archdsl.run examples/two_devices.arch

    The spec says how many processes it is for: as many as its mesh has devices, or as it has stages, or both
    multiplied. A multiple of that makes replicas, each with its part of a step's samples.
    """

    code: ClassVar[str] = "E1340"
    title: ClassVar[str] = "{network} is for {wanted} processes, or a multiple of that, not {found}"
    label: ClassVar[str] = "for {what}"
    help: ClassVar[str] = "start it with torchrun --nproc-per-node {wanted}"

    network: str
    wanted: int
    found: int
    what: str


class UndividedBatch(Error):
    """The samples of a step don't divide by replicas and microbatches.

        torchrun --nproc-per-node 4 -m archdsl.run examples/two_devices.arch --batch 15     # 2 replicas

    Replicas have equally many samples, and so have the microbatches of a pipeline: with fewer, a process would wait for
    samples that never come, and the mean over the processes would not be the mean over the batch.
    """

    code: ClassVar[str] = "E1341"
    title: ClassVar[str] = "a batch of {batch} does not divide over {parts}"
    label: ClassVar[str] = "all have equally many samples"
    help: ClassVar[str] = "choose --batch {near}"

    batch: int
    parts: str
    near: str


class BadQuantity(Error):
    """An amount whose unit can't be read.

    A number, then a prefix and the unit: `20T` (FLOPs a second), `16GB/s`, `16GB` or `16GiB`. The prefixes k, M, G, T
    and P are powers of 1000; Ki, Mi, Gi and Ti are powers of 1024. `B` is a byte. Bits are not taken, and case counts.

    Example:
        archdsl plan vgg.arch --devices 4 --batch 256 --link 100Gbit/s

    Mend: `--link 12.5GB/s`.
    """

    option: str
    text: str
    what: str
    example: str
    reason: str

    code = "E1350"
    title = "`{option} {text}` is not {what}: {reason}"
    label = "not understood"
    help = "write it like {option} {example}"


class NoQuantity(Error):
    """A device without speed, memory or a link can't do anything.

    Example:
        archdsl plan vgg.arch --devices 4 --batch 256 --memory 0GB

    Mend: say what the devices have.
    """

    option: str
    text: str

    code = "E1351"
    title = "`{option} {text}` is nothing"
    label = "must be above 0"


class FixedBatch(Error):
    """A plan divides the batch over replicas and microbatches, and this network's batch can't be divided.

    The first axis of every input must be one free size, the same for all.

    Example:
        network net {{
            input image: [8, 3, 224, 224]
            conv(64, 3x3)
        }}

    Mend: `input image: [N, 3, 224, 224]`.
    """

    found: str

    code = "E1352"
    title = "the batch can't be divided: {found}"
    label = "every input needs a free size as its first axis"
    help = "write a name for it, as in `[N, ...]`"


class BatchRefused(Error):
    """The network does not allow the size of the microbatch that the plan asks for.

    A `where` behind an input, or a step, may ask for a batch that is a multiple of some number.

    Example:
        input image: [N, 3, 224, 224] where N % 8 == 0

    Mend: choose a batch, and a number of microbatches, that leave such a size for each.
    """

    name: str
    size: int
    microbatches: int

    code = "E1353"
    title = "the network does not allow {name} = {size}: the batch in {microbatches} parts"
    label = "not allowed"
    help = "choose another `--batch`, or set `--microbatches`"


class UnevenMicrobatches(Error):
    """The batch does not divide into so many microbatches.

    Every microbatch has the same size: a schedule in which one were smaller would leave a device waiting for samples
    that never come.

    Example:
        archdsl plan vgg.arch --devices 4 --batch 256 --microbatches 24

    Mend: choose a divisor of the batch; with replicas, each of them divides its own share.
    """

    batch: int
    microbatches: int
    near: str
    """the nearest divisors, ready to read"""

    code = "E1354"
    title = "a batch of {batch} does not divide into {microbatches} microbatches"
    label = "leaves a remainder of samples"
    help = "choose {near}"


class TooLittleMemory(Error):
    """No plan fits into the devices' memory.

    A device holds its stage's weights, gradients and optimiser state, and for each microbatch in flight what the
    backward pass needs. Smaller microbatches, more devices or a smaller batch need less; so does `checkpoint` around
    steps, which computes them a second time instead of keeping what they make.

    Example:
        archdsl plan vgg.arch:vgg16 --devices 2 --batch 256 --memory 1GB

    Mend: more devices, more memory, a smaller batch, or more microbatches.
    """

    network: str
    devices: str
    memory: str
    least: str

    code = "E1355"
    title = "{network} does not fit on {devices} of {memory}: one of them needs at least {least}"
    label = "no plan"
    help = "use more devices, a smaller batch or more microbatches"


class NotAPlan(Error):
    """The file is no plan, or not as `archdsl plan` writes one.

    A plan is JSON with the fields that `docs/plan.schema.json` lists, no more and no fewer.

    Example:
        archdsl.load("vgg.arch", plan="vgg.json")

    Mend: write it again with `archdsl plan ... -o FILE`.
    """

    path: str
    reason: str

    code = "E1356"
    title = "`{path}` is not a plan: {reason}"
    label = "cannot be read"
    help = "write it with `archdsl plan ... -o {path}`"


class NewerPlan(Error):
    """The plan was written by a version of archdsl that writes plans in another form.

    Example:
        archdsl.load("vgg.arch", plan="plan.json")

    Mend: write the plan again, or update archdsl.
    """

    path: str
    found: int
    known: int

    code = "E1357"
    title = "`{path}` is a plan of version {found}; this archdsl reads version {known}"
    label = "cannot be read"
    help = "write it again with `archdsl plan`"


class PlanOfAnother(Error):
    """The plan was made for another network: another spec, variant or parameters.

    A plan says which steps lie on which device. It holds for the network whose spec has the hash in it.

    Example:
        archdsl.load("vgg.arch", "vgg16", plan="plan-of-vgg11.json")

    Mend: make a plan for this network.
    """

    path: str
    difference: str

    code = "E1358"
    title = "`{path}` is a plan of another network: {difference}"
    label = "not this network's"
    help = "make one with `archdsl plan`"


class PlanSteps(Error):
    """The stages of the plan are not this network's steps, each once, in an order in which they can run.

    Example:
        "stages": [{{"steps": ["features"]}}, {{"steps": ["features", "classifier"]}}]

    Mend: make the plan again; one that is edited by hand must name every step once.
    """

    path: str
    reason: str

    code = "E1359"
    title = "the stages of `{path}` don't fit the network: {reason}"
    label = "not a division of its steps"
    help = "make it again with `archdsl plan`"


class PlanOverMesh(Error):
    """The spec splits the network over a mesh, and that many devices don't divide into such groups.

    A `split` is part of the network, so a plan keeps it: each stage of each replica is on as many devices as the mesh
    has.

    Example:
        archdsl plan alexnet.arch:alexnet_two_devices --devices 3 --batch 256

    Mend: `--devices 4`.
    """

    network: str
    mesh: str
    size: int
    devices: int
    near: str

    code = "E1360"
    title = "{network} is split over {mesh}: {devices} devices do not divide into groups of {size}"
    label = "must be a multiple of {size}"
    help = "choose --devices {near}"


class LargerExchange(Error):
    """An `exchange` that stands where the value is larger than it needs to be.

        split(gpus) {
            conv2: conv(256, 5x5, pad=2) -> relu
            exchange -> maxpool(3x3, stride=2)      # 27x27 maps; behind the pool they are 13x13
        }

    The steps between work on each map alone, so the numbers are the same wherever the exchange stands: put it where
    fewest are moved, as behind a pool or before an `upsample`. The figures are bytes in the forward pass, for one
    sample, at the nominal sizes; backward it is as many. A comment on the line allows it:

        exchange -> maxpool(3x3, stride=2)          # allow W1301
    """

    code: ClassVar[str] = "W1301"
    severity: ClassVar[str] = "warning"
    title: ClassVar[str] = "this `exchange` moves {here:,} bytes a sample; {where} it would be {there:,}"
    label: ClassVar[str] = "no value changes if it stands {where}"
    help: ClassVar[str] = "to leave it, end the line in `# allow W1301`"

    here: int
    there: int
    where: str
