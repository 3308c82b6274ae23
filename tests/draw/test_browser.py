"""Figures in a real browser: nothing runs or is asked for, texts stay in their boxes, and they look like the PNG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from archdsl.cli.main import main
from archdsl.draw import fonts, svg
from archdsl.draw.dot import dot
from archdsl.draw.engine import render
from tests.draw.figures import HOSTILE, labelled, shapes

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

SPECS = Path(__file__).parents[2] / "specs"

FIGURES = {
    "lenet": ["lenet.arch:lenet5"],
    "alexnet": ["alexnet.arch:alexnet"],
    "vgg": ["vgg.arch:vgg16"],
    "googlenet": ["googlenet.arch"],
    "resnet152": ["resnet.arch:resnet152", "--level", "stage"],
    "resnet18": ["resnet.arch:resnet18", "--level", "step"],
    "densenet": ["densenet.arch:densenet121"],
    "unet": ["unet.arch"],
}

MEASURE = """() => [...document.querySelectorAll("g.box")].map(box => {
    const rect = ({x, y, width, height}) => [x, y, x + width, y + height];
    const shapes = [...box.children].filter(child => !["text", "title"].includes(child.tagName));
    const boxes = shapes.map(shape => rect(shape.getBBox()));
    const outer = [0, 1].map(i => Math.min(...boxes.map(b => b[i]))).concat(
        [2, 3].map(i => Math.max(...boxes.map(b => b[i]))));
    const texts = [...box.querySelectorAll("text")].map(text => ({
        text: text.textContent, size: parseFloat(text.getAttribute("font-size")),
        bold: text.hasAttribute("font-weight"), length: text.getComputedTextLength(), box: rect(text.getBBox())}));
    return {id: box.id, outer, texts};
})"""
"""Every box with its texts, as the browser lays them out: left, top, right, bottom in points."""


def drawn(figure: str, path: Path, *options: str) -> Path:
    target, *own = FIGURES[figure]
    assert main(["draw", str(SPECS / target), *own, *options, "-o", str(path)]) == 0
    return path


def opened(chromium: Browser, path: Path, **options: Any) -> Page:
    page = chromium.new_page(**options)
    page.goto(path.as_uri())
    page.evaluate("() => document.fonts.ready.then(() => 0)")
    return page


@pytest.mark.parametrize("figure", FIGURES)
def test_texts_lie_in_their_boxes(figure: str, chromium: Browser, tmp_path: Path) -> None:
    page = opened(chromium, drawn(figure, tmp_path / "figure.svg"))
    boxes = page.evaluate(MEASURE)
    assert sum(len(box["texts"]) for box in boxes) >= 5
    for box in boxes:
        left, top, right, bottom = box["outer"]
        for text in box["texts"]:
            x0, y0, x1, y1 = text["box"]
            assert left <= x0 and x1 <= right, (box["id"], text["text"])
            # The box of a line reaches from the ascender's top to the descender's end: more than its signs fill.
            assert top - 1 <= y0 and y1 <= bottom + 1, (box["id"], text["text"])
    page.close()


def test_a_browser_measures_what_we_do(chromium: Browser, tmp_path: Path) -> None:
    """Or rather: it has loaded our font, and neither kerns it nor joins its signs."""
    page = opened(chromium, drawn("resnet18", tmp_path / "figure.svg"))
    texts = [text for box in page.evaluate(MEASURE) for text in box["texts"] if text["text"].strip()]
    for text in texts:
        width = fonts.width(text["text"], text["size"], text["bold"])
        assert text["length"] == pytest.approx(width, abs=0.02), text["text"]
    assert page.evaluate("() => [...document.fonts].map(face => face.status)")[0] == "loaded"
    page.close()


def test_nothing_runs_and_nothing_is_asked_for(chromium: Browser, tmp_path: Path) -> None:
    path = drawn("resnet152", tmp_path / "figure.svg")
    page = chromium.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(path.as_uri())
    page.evaluate("() => document.fonts.ready.then(() => 0)")
    assert [url for url in asked if not url.startswith("data:font/woff2;")] == [path.as_uri()]
    assert said == []
    assert page.evaluate("() => document.querySelectorAll('script, image, use, foreignObject, a').length") == 0
    page.close()


@pytest.mark.parametrize("label", HOSTILE)
def test_labels_do_nothing(label: str, chromium: Browser, tmp_path: Path) -> None:
    path = tmp_path / "figure.svg"
    path.write_bytes(svg.write(labelled(label)))
    page = chromium.new_page()
    happened: list[str] = []
    page.on("dialog", lambda dialog: happened.append(dialog.message))
    page.on("request", lambda request: happened.append(request.url))
    page.goto(path.as_uri())
    assert [what for what in happened if not what.startswith("data:font/")] == [path.as_uri()]
    shown = "".join(
        sign if sign in "\t\n\r" or " " <= sign < "\ud800" or sign > "\udfff" else "\ufffd" for sign in label
    )
    assert page.evaluate("() => [...document.querySelectorAll('text')].map(text => text.textContent)") == [shown] * 4
    assert page.evaluate("() => [...document.querySelectorAll('text')].every(text => text.getBBox().width > 0)")
    page.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("figure", ["resnet152", "alexnet", "unet"])
def test_looks_like_the_png(figure: str, theme: str, chromium: Browser, tmp_path: Path) -> None:
    """The SVG follows the reader's setting; the PNG is drawn by Graphviz, for that setting."""
    png = picture(drawn(figure, tmp_path / "figure.png", "--theme", theme).read_bytes())
    path = drawn(figure, tmp_path / "figure.svg")
    assert unlike(screenshot(chromium, path, theme, png), png) is None
    other = "dark" if theme == "light" else "light"
    assert unlike(screenshot(chromium, path, other, png), png) is not None  # or it would not have been looked at


def test_every_shape_looks_like_the_png(chromium: Browser, tmp_path: Path) -> None:
    png = picture(render(dot(shapes()), "png", program="neato"))
    path = tmp_path / "figure.svg"
    path.write_bytes(svg.write(shapes()))
    assert unlike(screenshot(chromium, path, "light", png), png) is None
    changes = {'d="M90,297C90,': 'd="M80,297C80,', 'fill="#f0e442"': 'fill="#e69f00"', "port 3×3": "part 3×3"}
    for old, new in changes.items():  # a line's place, a colour, a letter
        changed = svg.write(shapes()).decode().replace(old, new)
        path.write_text(changed.replace(".k-merge{--fill:#f0e442", ".k-merge{--fill:#e69f00"))
        assert unlike(screenshot(chromium, path, "light", png), png) is not None, new


def picture(png: bytes) -> np.ndarray:
    """Rows, columns, colours."""
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(float)


def screenshot(chromium: Browser, path: Path, scheme: str, like: np.ndarray) -> np.ndarray:
    """As large as the other picture: both have 96 pixels an inch."""
    height, width, _ = like.shape
    page = opened(chromium, path, viewport={"width": width, "height": height}, color_scheme=scheme)
    shot = picture(page.screenshot())
    page.close()
    return shot


BLOCK = 8
"""Pixels along the side of the blocks whose mean colours are compared.

Two programs never agree in single pixels: each smooths edges and signs in its own way, and may round a place to the
next pixel. Where they draw the same, they put the same ink into 8 by 8 pixels, about a letter, give or take a pixel.
"""

ONE, ALL = 40, 4
"""How far the mean colour of a block may be off, of 255; and that of all blocks on average.

A line of one pixel, black on white, that stands in one picture alone changes 8 of 64 pixels, so the mean by 32; one of
the usual 0.9 points and its arrow, or a border and its corner, by more than 40. Smoothing alone makes up to 28.
"""


def unlike(a: np.ndarray, b: np.ndarray) -> str | None:
    """How two pictures differ; None if they look the same."""
    if a.shape != b.shape:
        return f"sizes {a.shape} and {b.shape}"
    height, width, _ = a.shape
    padded = np.pad(b, ((1, 1), (1, 1), (0, 0)), "edge")
    shifted = (padded[down : down + height, right : right + width] for down in range(3) for right in range(3))
    off = np.min([np.abs(means(a) - means(picture)).max(2) for picture in shifted], 0)
    if off.max() <= ONE and off.mean() <= ALL:
        return None
    row, column = np.unravel_index(off.argmax(), off.shape)
    return f"off by {off.max():.0f} at {column * BLOCK}, {row * BLOCK}, by {off.mean():.1f} on average"


def means(picture: np.ndarray) -> np.ndarray:
    """The mean colour of every block."""
    height, width = (side // BLOCK for side in picture.shape[:2])
    return picture[: height * BLOCK, : width * BLOCK].reshape(height, BLOCK, width, BLOCK, 3).mean((1, 3))
