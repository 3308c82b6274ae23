"""E12xx: figures: what stands between a spec and its picture."""

from __future__ import annotations

from typing import ClassVar

from archdsl.diagnostic import Error


class NoEngine(Error):
    """Nothing here can draw.

    Figures are drawn by Graphviz: the system's (`dot`), where it is recent, or the one that the Python package
    pygraphviz carries, which is installed together with archdsl where there is a wheel of it. `archdsl doctor` says
    what was found. A `.dot` file needs no Graphviz.

    Mend: `pip install "pygraphviz>=2.0"`, or install Graphviz.
    """

    recent: str

    code: ClassVar[str] = "E1201"
    title: ClassVar[str] = "there is no Graphviz to draw with"
    label: ClassVar[str] = "can't be drawn"
    help: ClassVar[str] = 'pip install "pygraphviz>=2.0", or install Graphviz {recent} or later; `archdsl doctor` looks'


class EngineFailed(Error):
    """Graphviz was started and broke off, or could not be started.

    The message ends with what it said itself. The spec is not to blame: a figure that Graphviz can't draw is a bug of
    archdsl or of that Graphviz. `archdsl doctor` names the one in use; the variable ARCHDSL_DOT of the environment
    names another: `ARCHDSL_DOT=/opt/graphviz/bin/dot archdsl draw resnet.arch`.

    Mend: try another Graphviz, or report it together with what `archdsl draw -o figure.dot` writes.
    """

    engine: str
    how: str
    words: str

    code: ClassVar[str] = "E1202"
    title: ClassVar[str] = "{engine} {how}: {words}"
    label: ClassVar[str] = "can't be drawn"
    help: ClassVar[str] = "`archdsl doctor` looks at the engine; -o FILE.dot writes what it was given"


class TooLarge(Error):
    """Graphviz took longer, or more memory, than a figure may cost.

    What takes so long is finding places for thousands of boxes, and nobody could read such a figure: archdsl folds more
    of the network and tries again. This is said when nothing is left to fold.

    Mend: show less: `--level stage`, `--fold`, `--focus layer3`.
    """

    engine: str
    limit: str
    """10 seconds, 1,024 MiB of memory"""

    code: ClassVar[str] = "E1203"
    title: ClassVar[str] = "the figure is too large: {engine} took more than {limit}"
    label: ClassVar[str] = "can't be drawn"
    help: ClassVar[str] = "show less of it: --level stage, --fold or --focus PATH"


class FormatMissing(Error):
    """This Graphviz was built without what a format needs.

    PNG and PDF are drawn with the library Cairo, which a Graphviz may lack. `archdsl doctor` says what the one in use
    can write.

    Mend: write `.svg`, or install a whole Graphviz: `pip install "pygraphviz>=2.0"`.
    """

    engine: str
    format: str

    code: ClassVar[str] = "E1204"
    title: ClassVar[str] = "{engine} can't write {format}"
    label: ClassVar[str] = "can't be drawn"
    help: ClassVar[str] = 'write .svg, or pip install "pygraphviz>=2.0"'


class NoSuchScope(Error):
    """`--focus` and `--expand` take the path of a step that has steps in it: a labelled group, or a block's call.

    Paths are those of `archdsl summary` and of the keys: labels with dots between them, `layer3.0`.

    Example:
        archdsl draw resnet.arch --focus layer5

    Mend: take a path that `archdsl summary --depth 3` shows.
    """

    path: str
    within: str
    """layer3, or the network"""
    known: str
    """layer1, layer2, ..."""

    code: ClassVar[str] = "E1205"
    title: ClassVar[str] = "there is nothing to open at `{path}`"
    label: ClassVar[str] = "no scope"
    help: ClassVar[str] = "{within} has {known}"


class UnknownPicture(Error):
    """The suffix of `-o` says what kind of picture is written, and this one says nothing.

    `.svg` is for the web and can be searched, `.pdf` for LaTeX, `.png` has pixels, `.dot` is what Graphviz reads.

    Example:
        archdsl draw resnet.arch -o resnet.jpg

    Mend: choose one of these suffixes.
    """

    suffix: str

    code: ClassVar[str] = "E1206"
    title: ClassVar[str] = "no picture is written as `{suffix}`"
    label: ClassVar[str] = "no kind of picture"
    help: ClassVar[str] = "choose one of .svg, .png, .pdf, .dot"
