"""E09xx: weight files: what they hold, and how it fits the network."""

from __future__ import annotations

from archdsl.diagnostic import Error


class BadRename(Error):
    """A `rename` that can't be meant.

    It maps the keys of a weight file to those of the network. Without a `*`, the left side is one or several whole
    parts of a key (`norm.1`, not `orm.1`), wherever they stand; an empty right side takes them away. With a `*`, which
    stands for anything, dots too, it is the form of a whole key, and the right side has as many `*`: each is what the
    one at its place stood for.

    Example:
        rename "module.*" -> "backbone"

    Mend: `rename "module.*" -> "backbone.*"`.
    """

    reason: str

    code = "E0901"
    title = "this `rename` can't be meant: {reason}"
    label = "a rule for the keys of weight files"


class NotSafetensors(Error):
    """The file is no safetensors file, or a broken one.

    Weights are read from safetensors files alone: eight bytes that say how long the header is, the header (JSON: for
    each tensor its type, shape and place), then the numbers. Nothing in such a file can run.

    Example:
        archdsl weights check resnet.arch:resnet18 notes.txt

    Mend: name the right file; if a download broke off, fetch it again.
    """

    path: str
    reason: str

    code = "E0902"
    title = "`{path}` is not a safetensors file: {reason}"
    label = "cannot be read"


class PickledWeights(Error):
    """A file that `torch.save` wrote. It is a pickle, and opening a pickle can run any code that stands in it.

    archdsl therefore never opens one. If you trust where the file is from, make a safetensors file of it yourself;
    `weights_only=True` refuses what isn't plain tensors:

        import torch, safetensors.torch
        state = torch.load("resnet18.pth", map_location="cpu", weights_only=True)
        safetensors.torch.save_file(state, "resnet18.safetensors")

    A checkpoint that holds more than weights is a dictionary of several things: take what is stored under "model" or
    "state_dict". Where tensors share memory, save `{{key: tensor.clone() for key, tensor in state.items()}}`.
    """

    path: str

    code = "E0903"
    title = "`{path}` is a pickle, which can run code when it is opened"
    label = "not opened"
    help = (
        "if you trust it, convert it once: safetensors.torch.save_file("
        'torch.load("{path}", map_location="cpu", weights_only=True), "weights.safetensors")'
    )


class WeightsCutOff(Error):
    """The file ends before the tensors that its header promises, as after a download that broke off.

    Example:
        archdsl weights check resnet.arch:resnet18 half.safetensors

    Mend: fetch or write the file again.
    """

    path: str
    promised: int
    found: int

    code = "E0904"
    title = "`{path}` is cut off: {promised:,} bytes of tensors are promised, {found:,} are there"
    label = "ends too early"
    help = "fetch it again"


class HeaderTooLarge(Error):
    """The header of a safetensors file is larger than archdsl reads.

    A header takes about a hundred bytes a tensor, and is read into memory whole; the limit leaves room for 80,000
    tensors. A larger one is most likely no header.

    Mend: divide the file into several.
    """

    path: str
    size: int
    limit: int

    code = "E0905"
    title = "`{path}` has a header of {size:,} bytes, more than the limit of {limit:,}"
    label = "not read"


class BadTensor(Error):
    """What the header says of a tensor can't be true, or can't be told from what it says of another.

    Each tensor is named once, has a known type, a shape of integers, and exactly the bytes that these take; the tensors
    lie one behind the other, without overlap or gap, up to the end of the file. A file in which one of this doesn't
    hold is refused as a whole: guessing would load wrong numbers.

    Mend: write the file again, with `archdsl.save` or `safetensors.torch.save_file`.
    """

    path: str
    key: str
    reason: str

    code = "E0906"
    title = "`{path}`, tensor `{key}`: {reason}"
    label = "cannot be true"


class WeightsDiffer(Error):
    """The file's tensors are not those of the network; nothing was loaded.

    Each tensor of the network has to be in the file, by the same name (after the spec's `rename` rules) and in the
    same shape, and the file may hold no others. The report lists what isn't so, with the nearest name.

    Mend, if that is meant:
        archdsl.load("resnet.arch", "resnet18", classes=10, weights=file, without="fc")
    builds a new `fc` and takes the rest from the file; `without` names what is left out on both sides, and `--without
    fc` does the same for the commands. `strict=False` loads whatever fits. If the names differ, `rename` in the spec
    maps them.
    """

    path: str
    network: str
    differences: str

    code = "E0907"
    title = "`{path}` does not fit {network}: {differences}"
    label = "nothing was loaded"


class NothingFits(Error):
    """Not one tensor of the file fits the network, so it is the weights of something else.

    Example:
        archdsl weights check vgg.arch:vgg16 resnet18.safetensors

    Mend: name the right file or the right variant. If only the names differ, write `rename` rules in the spec, or map
    by shape and order: `archdsl weights convert --by order`.
    """

    path: str
    network: str

    code = "E0908"
    title = "no tensor of `{path}` fits {network}"
    label = "nothing was loaded"
    help = "is it the right file, and the right variant? if only names differ, write `rename` rules in the spec"


class RenamedAlike(Error):
    """Two tensors of the file have the same name once the spec's `rename` rules have been applied.

    Example:
        rename "*.gamma" -> "*.weight"        # a file with `bn.gamma` and `bn.weight`

    Mend: make the rules narrower.
    """

    path: str
    first: str
    second: str
    name: str

    code = "E0909"
    title = "`{path}`: `{first}` and `{second}` both become `{name}` by the spec's `rename` rules"
    label = "which one is meant?"


class TiesDiffer(Error):
    """The network has one tensor under two names; the file has two, and their numbers differ.

    Such a file was written by a network that did not tie them, so one of the two would be lost.

    Mend: leave one of the names out of the file, or untie the two in the spec.
    """

    path: str
    first: str
    second: str

    code = "E0910"
    title = "`{path}`: `{first}` and `{second}` are one tensor in the network, but differ in the file"
    label = "nothing was loaded"


class NothingLeftOut(Error):
    """`without` names something that neither the network nor the file has.

    It takes a path, which stands for all that is below it (`fc`, `layer4.1`), or with `*` the form of whole keys
    (`*.bias`, `aux*`).

    Example:
        archdsl weights check resnet.arch:resnet18 weights.safetensors --without head

    Mend: correct the name.
    """

    path: str

    code = "E0911"
    title = "`without`: there is no `{path}`, neither in the network nor in the file"
    label = "names nothing"


class OrderUnclear(Error):
    """Shapes and order don't tell which tensor of the file is which of the network.

    `--by order` compares modules by the names, shapes and types of their tensors. Where several are alike, the file's
    are taken in the order of the numbers in their names, which means something only if their names differ in nothing
    else: `features.0`, `features.2`. The query, key and value of an attention have one shape and different names, and a
    guess would mix them up without a word. A safetensors file is sorted by name, so it knows no other order.

    Mend: say it in the spec, for as many as are unclear; what a rule names is settled: `rename "q_proj" -> "query"`.
    """

    path: str
    reason: str

    code = "E0912"
    title = "`{path}` can't be mapped by order: {reason}"
    label = "unclear"
    help = "write `rename` rules for these in the spec: what they name is settled"


class NoSpecKnown(Error):
    """`archdsl.save` writes the spec beside the weights, so it takes modules that `load` or `loads` made.

    A module from a compiled file, or a part of a network, doesn't know its spec.

    Mend: write it with `safetensors.torch.save_file(module.state_dict(), ...)`; `archdsl weights convert` then adds the
    spec.
    """

    path: str
    kind: str

    code = "E0913"
    title = "cannot save a {kind} to `{path}`: archdsl.load did not make it, so its spec isn't known"
    label = "nothing was written"
    help = "safetensors.torch.save_file writes a state dict without a spec; `archdsl weights convert` adds one"


class NoMemoryBehind(Error):
    """A module on the "meta" device has shapes but no numbers: there is nothing to load into, or to save.

    Mend: load the network on a device that has memory, or move the module there with `to_empty`.
    """

    path: str
    key: str

    code = "E0914"
    title = "`{key}` is on the meta device, which holds no numbers: `{path}`"
    label = "neither read nor written"
