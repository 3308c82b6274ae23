"""What may stand in a file of XML: whatever a label holds, it stays text."""

from __future__ import annotations

import re


def number(value: float) -> str:
    """To a hundredth of a point, in as few signs as it takes."""
    shown = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if shown == "-0" else shown


def escape(text: str) -> str:
    """Text as XML: what XML can't hold (control signs, lone surrogates) shows as the sign for what can't be shown."""
    text = _UNFIT.sub("\ufffd", text)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


_UNFIT = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def identifier(path: str) -> str:
    """A path as an id: no two paths have the same, and none is one of ours, which have a colon."""
    return _ODD.sub(lambda odd: "".join(f"%{byte:02X}" for byte in odd[0].encode("utf-8", "surrogatepass")), path)


def name(kind: str) -> str:
    """A kind as the name of a class."""
    return "k-" + _ODD.sub(lambda odd: "".join(f"_{ord(sign):x}" for sign in odd[0]), kind)


_ODD = re.compile("[^A-Za-z0-9_.-]")
