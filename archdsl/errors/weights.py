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
