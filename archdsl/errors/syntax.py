"""E01xx: text that is not the language."""

from __future__ import annotations

from typing import ClassVar

from archdsl.diagnostic import Error


class Unexpected(Error):
    """Something stands where it can't, or something is missing before it.

        conv(64 3x3)            # expected `,`: conv(64, 3x3)
        conv1 = conv(64, 3x3)   # expected `:`: a label ends with a colon

    One mistake is reported a statement; what follows it in the same statement is not read.
    """

    code: ClassVar[str] = "E0101"
    title: ClassVar[str] = "expected {expected}, found {found}"
    label: ClassVar[str] = "expected {expected}"

    expected: str
    found: str


class Superfluous(Error):
    """Something stands where nothing is missing.

        conv(64,, 3x3)          # one comma too many: conv(64, 3x3)

    Without it the statement reads.
    """

    code: ClassVar[str] = "E0102"
    title: ClassVar[str] = "unexpected {found}"
    label: ClassVar[str] = "makes sense without this"

    found: str


class Unclosed(Error):
    """A bracket is opened and not closed.

        conv1: conv(64, 7x7, stride=2 -> relu       # conv(64, 7x7, stride=2) -> relu

    Round and square brackets hold neither `->` nor braces, and what stands in them is indented further than the line
    that opens them: that is how the place of the missing one is found. Braces are matched by indentation.
    """

    code: ClassVar[str] = "E0103"
    title: ClassVar[str] = "`{bracket}` is never closed"
    label: ClassVar[str] = "opened here"

    bracket: str


class Unopened(Error):
    """A bracket closes nothing.

        conv(64, 3x3))          # conv(64, 3x3)

    It is too much, or the one that opens is missing before it.
    """

    code: ClassVar[str] = "E0104"
    title: ClassVar[str] = "`{bracket}` closes nothing"
    label: ClassVar[str] = "nothing is open here that it could close"

    bracket: str


class WrongBracket(Error):
    """A bracket is closed by another kind of bracket.

        conv(64, 3x3]           # conv(64, 3x3)

    `( )` holds arguments and groups, `[ ]` lists, shapes and indices, `{ }` steps.
    """

    code: ClassVar[str] = "E0105"
    title: ClassVar[str] = "`{closing}` does not close `{opening}`"
    label: ClassVar[str] = "expected `{expected}`"

    closing: str
    opening: str
    expected: str


class StepsInBrackets(Error):
    """`->` and braces stand in `( )` or `[ ]`.

        body(conv(64, 3x3) -> relu)     # arguments are values, not steps

    An argument is a value. To hand over steps, declare a block and pass its name, or write braces behind the call:
    `body { conv(64, 3x3) -> relu }`.
    """

    code: ClassVar[str] = "E0106"
    title: ClassVar[str] = "`{found}` can't stand inside `{bracket}`"
    label: ClassVar[str] = "an argument is a value; this makes steps"
    help: ClassVar[str] = "put the steps in a block and pass its name, or write them in braces behind the call"

    found: str
    bracket: str


class BadNumber(Error):
    """A word that starts with a digit and is no number.

    Numbers are integers (`64`, `25_557_032`), floats (`0.001`, `1e-5`), sizes (`3x3`, `1x3x3`) and, in `expect`,
    rounded figures (`4.09G`; K, M, G or T). There are no hexadecimal numbers; a name never starts with a digit.

        conv(64, 3X3)           # 3x3
        conv(64, 3x)            # 3x3
    """

    code: ClassVar[str] = "E0107"
    title: ClassVar[str] = "`{word}` is not a number"
    label: ClassVar[str] = "neither an integer, a float nor a size such as 3x3"

    word: str


class NumberTooLarge(Error):
    """A number that doesn't fit: integers have 64 bits, floats are IEEE doubles.

        let n = 9223372036854775808         # the largest integer is 9223372036854775807

    The same holds for each part of a size, and for the results of arithmetic.
    """

    code: ClassVar[str] = "E0108"
    title: ClassVar[str] = "`{word}` is too large"
    label: ClassVar[str] = "integers have 64 bits, floats are doubles"

    word: str


class UnclosedText(Error):
    r"""A text in quotes has no end on its line.

        import "common.arch     # import "common.arch"

    A quote that is meant as itself is written `\"`.
    """

    code: ClassVar[str] = "E0109"
    title: ClassVar[str] = "the text has no closing quote"
    label: ClassVar[str] = "starts here, and the line ends before it does"
    help: ClassVar[str] = 'end it with `"` on the same line'


class UnknownEscape(Error):
    r"""A backslash before a character that it gives no meaning to.

    In quotes, `\\`, `\"`, `\{`, `\}`, `\n` and `\t` are known.
    """

    code: ClassVar[str] = "E0110"
    title: ClassVar[str] = "unknown escape `{escape}`"
    label: ClassVar[str] = 'not one of \\\\ \\" \\{{ \\}} \\n \\t'
    help: ClassVar[str] = "a backslash itself is written `\\\\`"

    escape: str


class BadHole(Error):
    r"""Braces in a text hold an expression: `"layer{i + 1}"`. They must be closed, and not be empty.

    A brace that is meant as itself is written `\{` or `\}`.
    """

    code: ClassVar[str] = "E0111"
    title: ClassVar[str] = "{problem}"
    label: ClassVar[str] = "braces in a text hold an expression"
    help: ClassVar[str] = "a brace that is meant as itself is written `\\{{` or `\\}}`"

    problem: str


class NotAscii(Error):
    """Names are made of the letters A to Z, a to z, digits and `_`.

    Many letters look alike (the Latin `c`, the Cyrillic `с`), and Python treats some as equal: a label becomes an
    attribute of a module and a key of its weights, so there must be no doubt about it. Texts in quotes that are not
    labels, and comments, may hold any letters.
    """

    code: ClassVar[str] = "E0112"
    title: ClassVar[str] = "the name `{word}` has a character other than A-Z, a-z, 0-9 and _"
    label: ClassVar[str] = "{character}"

    word: str
    character: str


class ForbiddenCharacter(Error):
    """A character that can't be seen, or makes text look other than it is.

    Control characters and those that change the direction of writing are refused everywhere, comments included: with
    them a spec could show one thing and say another.
    """

    code: ClassVar[str] = "E0113"
    title: ClassVar[str] = "{character} is not allowed"
    label: ClassVar[str] = "remove it"

    character: str


class MeaninglessCharacter(Error):
    """A character that the language gives no meaning to, or that looks like one it knows.

        conv(64, 3×3)           # conv(64, 3x3)
        conv(64, 3x3)?          # conv(64, 3x3)

    In comments and in texts in quotes it may stand.
    """

    code: ClassVar[str] = "E0114"
    title: ClassVar[str] = "{character} means nothing here"
    label: ClassVar[str] = "not part of the language"

    character: str


class OtherSpelling(Error):
    """Something is written as in another language.

    `and`, `or`, `not` instead of `&&`, `||`, `!`; `^` for powers instead of `**`; `else if` instead of `elif`; `#`
    before a comment; double quotes around texts; `0.5` instead of `.5`.
    """

    code: ClassVar[str] = "E0115"
    title: ClassVar[str] = "`{found}` is written `{meant}` here"
    label: ClassVar[str] = "write `{meant}`"

    found: str
    meant: str


class ChainedComparison(Error):
    """Comparisons do not chain.

        if 0 < i < n { }        # if 0 < i and i < n { }

    Nor do ranges: `a..b..c` means nothing.
    """

    code: ClassVar[str] = "E0116"
    title: ClassVar[str] = "a chained comparison: each `{operator}` compares two values"
    label: ClassVar[str] = "the second comparison"
    help: ClassVar[str] = "join two comparisons: `a < b and b < c`"

    operator: str


class KeywordAsName(Error):
    """A keyword where a name is expected.

    `if then else for in and or not true false none` are never names, except of arguments (`pad(in=3)`). All other
    words of the language are names wherever a name can stand. Where a parameter takes words, quotes do as well:
    `kaiming_normal(fan="in")`.
    """

    code: ClassVar[str] = "E0117"
    title: ClassVar[str] = "`{word}` is a keyword and can't be a name"
    label: ClassVar[str] = "expected a name"

    word: str


class LineBreak(Error):
    """A statement goes on, on the next line, where a new line ends it.

    A `{` stands on the line of what it belongs to, and `shortcut` on the line of the `}` before it:

        residual {
            conv(64, 3x3, pad=1)
        } shortcut {
            conv(64, 1x1)
        }

    A new line is skipped inside `( )` and `[ ]`, beside `->`, after `=` and a binary operator, and before `else`.
    """

    code: ClassVar[str] = "E0118"
    title: ClassVar[str] = "`{word}` stands on the line of the `{before}` before it"
    label: ClassVar[str] = "belongs to the line above"

    word: str
    before: str


class NotUtf8(Error):
    """The file holds bytes that are not UTF-8, the encoding of specs.

    An editor or an old system wrote it in another encoding. The marked bytes are the ones that can't be read.

        iconv -f latin1 -t utf-8 old.arch > new.arch

    Save the file as UTF-8.
    """

    code: ClassVar[str] = "E0119"
    title: ClassVar[str] = "the file is not UTF-8: byte 0x{byte}"
    label: ClassVar[str] = "not a character"

    byte: str


class MissingLet(Error):
    """A value is named with `let`.

        width = 64              # let width = 64

    In brackets `=` gives an argument, and `:` gives a step its label: `conv1: conv(64, 3x3)`.
    """

    code: ClassVar[str] = "E0120"
    title: ClassVar[str] = "a value is named with `let`"
    label: ClassVar[str] = "`let` is missing"
