"""A drawing as a file: SVG is written here, PNG and PDF by Graphviz, from the same places."""

from __future__ import annotations

from struct import pack
from zlib import crc32

from archdsl.draw.dot import dot
from archdsl.draw.drawing import Drawing

SUFFIXES = (".svg", ".png", ".pdf", ".dot")


def picture(drawing: Drawing, suffix: str, theme: str | None = None, made_by: str = "") -> bytes:
    """The file's content.

    theme:   light, dark or auto (for .svg only; elsewhere it is light). None: auto.
    made_by: a remark that the file carries.

    Raises:
        Refusal: there is no engine, or it failed.
    """
    if suffix == ".svg":
        from archdsl.draw import svg

        return svg.write(drawing, theme or "auto", made_by=made_by)
    text = dot(drawing, theme or "light")
    if suffix == ".dot":
        return f"// {made_by}\n{text}".encode() if made_by else text.encode()
    made = _rendered(text, suffix.removeprefix("."))
    if not made_by:
        return made
    return _with_comment(made, made_by) if suffix == ".png" else made + f"% {made_by}\n".encode("ascii", "replace")


def _rendered(text: str, form: str) -> bytes:
    from archdsl.draw.engine import EngineProblem, render

    try:
        return render(text, form, program="neato")
    except EngineProblem as problem:
        from archdsl.reading import refusal

        raise refusal(problem.error, f"a figure as .{form}") from None


def _with_comment(png: bytes, text: str) -> bytes:
    """A PNG with a comment, before the last of its chunks: length, type, data, checksum."""
    end = png.rindex(b"IEND") - 4
    data = b"tEXtComment\0" + text.encode("latin-1", "replace")
    chunk = pack(">I", len(data) - 4) + data + pack(">I", crc32(data))
    return png[:end] + chunk + png[end:]
