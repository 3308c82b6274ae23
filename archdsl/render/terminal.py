"""What a terminal does with characters: colours, widths, and those that must never reach it raw."""

from __future__ import annotations

TAB = 4

STYLES = {
    "error": "1;31",
    "warning": "1;33",
    "second": "1;34",
    "gutter": "1;34",
    "strong": "1",
    "removed": "31",
    "added": "32",
    "faint": "2",
}


def paint(text: str, style: str, color: bool) -> str:
    """The text in a style, where colour is wanted."""
    if not color or not text or style not in STYLES:
        return text
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def printable(text: str) -> str:
    """The text with every character that could move the cursor, reorder or hide text shown by its number.

    Control, format (bidirectional marks, zero-width characters) and separator characters other than a space become
    `<U+202E>`; so does a line break: what stands in one line stays in one line. A byte that isn't UTF-8 becomes
    `<0xFF>`.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else _numbered(ord(char)) for char in text)


def _numbered(code: int) -> str:
    return f"<0x{code - 0xDC00:02X}>" if 0xDC80 <= code <= 0xDCFF else f"<U+{code:04X}>"


def cells(text: str) -> int:
    """How many columns a printable text takes."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in text)


def displayed(line: str) -> tuple[str, list[int]]:
    """A source line as it is shown, and the column at which each of its characters starts (one more: its end)."""
    if line.isascii() and line.isprintable():
        return line, list(range(len(line) + 1))
    parts: list[str] = []
    columns: list[int] = []
    at = 0
    for char in line:
        shown = " " * (TAB - at % TAB) if char == "\t" else printable(char)
        columns.append(at)
        parts.append(shown)
        at += cells(shown)
    return "".join(parts), [*columns, at]


def wrapped(text: str, width: int) -> list[str]:
    """A paragraph in lines of at most `width` columns, broken at spaces; its own line breaks are kept."""
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in printable(paragraph).split(" "):
            if line and cells(line) + 1 + cells(word) > width:
                lines.append(line)
                line = word
            else:
                line = f"{line} {word}" if line else word
        lines.append(line)
    return lines


class Row:
    """A line that is drawn on: text put at columns, each piece in a style. Later pieces cover earlier ones."""

    def __init__(self) -> None:
        self.chars: list[str] = []
        self.styles: list[str] = []

    def put(self, column: int, text: str, style: str = "") -> None:
        end = column + len(text)
        if end > len(self.chars):
            self.chars.extend(" " * (end - len(self.chars)))
            self.styles.extend([""] * (end - len(self.styles)))
        self.chars[column:end] = text
        self.styles[column:end] = [style] * len(text)

    def text(self, color: bool) -> str:
        parts: list[str] = []
        start = 0
        for at in range(1, len(self.chars) + 1):
            if at == len(self.chars) or self.styles[at] != self.styles[start]:
                parts.append(paint("".join(self.chars[start:at]), self.styles[start], color))
                start = at
        return "".join(parts).rstrip()
