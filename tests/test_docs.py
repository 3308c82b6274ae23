"""The examples in the documentation run, and give what it shows. `pytest --update` writes what they give.

On each page, in order and in one folder, which holds the repository's `specs/`:

    ```arch file=NAME       writes the file
    ```arch                 a whole file that checks without a word
    ```arch steps           steps, which are put in a network
    ```arch steps error=X   gives exactly one diagnostic, of code X; without `steps`: a whole file
    ```console              commands behind `$`, each with what it prints
    ```python               runs; a ```text block behind it shows what it prints
    ```python file=NAME     a file that a command above wrote
    ```LANGUAGE write=NAME  writes the file

`pip install .` installs what the page has written beside it, and not into Python's own packages.
"""

from __future__ import annotations

import io
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stdout
from pathlib import Path

import pytest

from archdsl.compiler import check_all
from archdsl.source import Source
from tests.fences import Fence, fences, rewrite

ROOT = Path(__file__).parents[1]
PAGES = [
    ROOT / "README.md",
    ROOT / "docs" / "tutorial.md",
    ROOT / "docs" / "two-devices.md",
    ROOT / "docs" / "devices.md",
    ROOT / "docs" / "language.md",
    *sorted((ROOT / "docs" / "howto").glob("*.md")),
]

AROUND_STEPS = """
network example(width = 64, deep = true) {{
    input image: [N, 3, H = 224, W = 224]
{steps}
}}
"""


class Page:
    """A page being run: its folder, and what its Python examples have defined."""

    def __init__(self, path: Path, folder: Path, update: bool) -> None:
        self.path = path
        self.folder = folder
        self.update = update
        self.names: dict[str, object] = {"__name__": "__main__"}
        self.printed: str | None = None
        """What the Python example just above printed."""
        shutil.copytree(ROOT / "specs", folder / "specs")

    def run(self, fence: Fence) -> None:
        printed, self.printed = self.printed, None
        if "write" in fence.options:
            path = self.folder / fence.options["write"]
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(fence.text, encoding="utf-8")
        elif fence.language == "arch":
            self.spec(fence)
        elif fence.language == "console":
            self.shows(fence, "".join(map(self.command, commands(fence.text))))
        elif fence.language == "python" and "file" in fence.options:
            self.shows(fence, (self.folder / fence.options["file"]).read_text(encoding="utf-8"))
        elif fence.language == "python":
            self.printed = self.python(fence)
        elif fence.language == "text" and printed is not None:
            self.shows(fence, printed)

    def shows(self, fence: Fence, text: str) -> None:
        if self.update:
            rewrite(self.path, fence, text)
        else:
            assert fence.text == text, f"{self.path.name}:{fence.line}"

    def spec(self, fence: Fence) -> None:
        if "file" in fence.options:
            (self.folder / fence.options["file"]).write_text(fence.text, encoding="utf-8")
            return
        text = AROUND_STEPS.format(steps=fence.text) if "steps" in fence.options else fence.text
        codes = {d.code for _, checked in check_all(Source("example.arch", text)) for d in checked.diagnostics}
        wanted = {fence.options["error"]} if "error" in fence.options else set()
        assert codes == wanted, f"{self.path.name}:{fence.line}"

    def command(self, line: str) -> str:
        program, *args = shlex.split(line)
        site = str(self.folder / "site")
        pip = [sys.executable, "-m", "pip", "--quiet", "--no-input"]
        if program == "pip":
            args += ["--no-build-isolation", "--no-deps", "--target", site]
        known = {
            "pip": pip,
            "archdsl": [str(Path(sys.executable).parent / "archdsl")],
            "python": [sys.executable],
            "torchrun": [sys.executable, "-m", "torch.distributed.run"],
            "cat": ["cat"],
        }
        done = subprocess.run(
            [*known[program], *args],
            cwd=self.folder,
            env={
                **os.environ,
                "NO_COLOR": "1",
                "COLUMNS": "120",
                "OMP_NUM_THREADS": "1",
                "PYTHONPATH": _joined(site, os.environ),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        lines = (line.rstrip() for line in done.stdout.splitlines())
        return "".join(f"{line}\n" for line in (f"$ {line}", *lines))

    def python(self, fence: Fence) -> str:
        with redirect_stdout(io.StringIO()) as printed:
            code = compile("\n" * fence.line + fence.text, str(self.path), "exec")
            exec(code, self.names)
        return printed.getvalue()


def _joined(site: str, environment: Mapping[str, str]) -> str:
    return os.pathsep.join(filter(None, (site, environment.get("PYTHONPATH"))))


def commands(text: str) -> list[str]:
    return [line.removeprefix("$ ") for line in text.splitlines() if line.startswith("$ ")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page(path: Path, tmp_path: Path, update: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = Page(path, tmp_path, update)
    for fence in fences(path.read_text(encoding="utf-8")):
        page.run(fence)


WRITTEN = [
    *ROOT.glob("*.md"),
    *(path for folder in ("docs", "benchmarks", "specs", "examples") for path in (ROOT / folder).rglob("*.md")),
]

LINK = re.compile(r"\]\(([^)\s]+)\)")


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    text = re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S)
    links = [link for link in LINK.findall(text) if "://" not in link]
    assert [link for link in links if not leads_somewhere(path, link)] == []


def leads_somewhere(page: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = page.parent / file if file else page
    if not anchor:
        return target.exists()
    headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.M)
    return anchor in {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
