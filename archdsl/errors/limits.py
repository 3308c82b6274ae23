"""E06xx: what is larger than the compiler is willing to build."""

from __future__ import annotations

from typing import ClassVar

from archdsl.diagnostic import Error


class TooMuch(Error):
    """The spec asks for more than a limit allows.

    Reading a spec always ends: bytes, tokens, nesting, unfolded steps, calls inside calls, evaluations, list lengths,
    imports and messages are counted. A block that calls itself without end is met here too: the notes show the chain of
    calls. The limits are options of the command (`--max-steps 1000000`), never of the file.
    """

    code: ClassVar[str] = "E0601"
    title: ClassVar[str] = "{what}: {asked}, more than the limit of {allowed}"
    label: ClassVar[str] = "reached here"

    what: str
    asked: str
    allowed: str
    option: str

    @property
    def help(self) -> str:  # type: ignore[override]
        return f"if this is meant, raise it: --max-{self.option} N"


WHAT = {
    "bytes": "bytes in one file",
    "tokens": "words and signs in one file",
    "nesting": "levels of nesting",
    "steps": "steps of the unfolded network",
    "depth": "calls and braces inside one another",
    "work": "evaluations",
    "items": "items of a list or characters of a string",
    "terms": "terms in the formula of a free size",
    "size": "elements along one axis",
    "imports": "imported files",
    "diagnostics": "messages",
}


def too_much(limit: str, allowed: int, asked: int) -> TooMuch:
    """The error for a limit of `archdsl.budget.Limits`."""
    shown = f"at least {asked:,}" if asked < 10**18 else "more than 10^18"
    return TooMuch(WHAT[limit], shown, f"{allowed:,}", limit)


class EndlessRecursion(Error):
    """A block that calls itself with the same arguments on the same shape would never end.

        block b(n) { conv(8, 1x1) -> b(n) }

    A block may call itself if something shrinks from call to call, under a condition that ends it:

        block b(n) { conv(8, 1x1); if n > 0 { b(n - 1) } }
    """

    code: ClassVar[str] = "E0602"
    title: ClassVar[str] = "block `{block}` calls itself without end"
    label: ClassVar[str] = "the same call again, with the same arguments and the same input"
    help: ClassVar[str] = "pass a number that shrinks, and stop under an `if`"

    block: str


class EndlessLet(Error):
    """A `let` of the file that needs its own value.

    let a = b + 1
    let b = a
    """

    code: ClassVar[str] = "E0603"
    title: ClassVar[str] = "`{name}` is defined by itself"
    label: ClassVar[str] = "needs its own value"

    name: str
