"""E11xx: ops of other packages. Each names the package, since it is there that something is to be mended."""

from __future__ import annotations

from typing import ClassVar

from archdsl.diagnostic import Error


class OpNotImported(Error):
    """A package offers this op, but importing it failed.

    The word stands for an entry point of the group `archdsl.ops`, `swish2 = "mypackage.layers:Swish2"`. The message
    ends with what Python said: often something that the package needs is not installed, or its class has been renamed.
    `pip install --upgrade` of the package may mend it; else its authors have to.
    """

    code: ClassVar[str] = "E1101"
    title: ClassVar[str] = "`{word}` is an op of {package}, which can't be imported"
    label: ClassVar[str] = "{value}: {failure}"

    word: str
    package: str
    value: str
    failure: str


class NotAnOp(Error):
    """An entry point of the group `archdsl.ops` leads to something that is no op.

    It is a class made by `archdsl.ops.op.op`, a subclass of `torch.nn.Module` decorated with
    `archdsl.ops.modules.module_op`, or what `module_op(MyModule, shape=...)` returns. The op's name is the entry
    point's.
    """

    code: ClassVar[str] = "E1102"
    title: ClassVar[str] = "`{word}` of {package} is no op"
    label: ClassVar[str] = "{value} {reason}"

    word: str
    package: str
    value: str
    reason: str


class OpOfTwoPackages(Error):
    """Two installed packages offer an op under the same word, and nothing says which is meant.

    Uninstall one of them. A block of that name in the spec comes before both.
    """

    code: ClassVar[str] = "E1103"
    title: ClassVar[str] = "`{word}` is an op of several packages: {packages}"
    label: ClassVar[str] = "which one?"

    word: str
    packages: str


class OpFailed(Error):
    """The code of another package's op raised an exception, or gave something that makes no sense.

    The shape rule of an op gets an `archdsl.ir.shape.Shape` for each value that it is applied to, and returns one. To
    refuse an input it raises `ValueError`, whose text is shown in E1105. This is something else: a bug of the package.
    """

    code: ClassVar[str] = "E1104"
    title: ClassVar[str] = "`{word}` of {package} failed: its {rule} {failure}"
    label: ClassVar[str] = "a bug of {package}"

    word: str
    package: str
    rule: str
    failure: str


class OpRefused(Error):
    """An op of another package refuses its input or its parameters, for the reason given.

    The text is the package's own: its shape rule, or the constructor of its module, raised `ValueError` with it.
    """

    code: ClassVar[str] = "E1105"
    title: ClassVar[str] = "`{word}` of {package}: {reason}"
    label: ClassVar[str] = "refused here"

    word: str
    package: str
    reason: str
