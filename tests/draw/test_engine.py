"""The engine in real processes: what it draws, and what becomes of one that hangs, grows, breaks off or isn't there."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from archdsl.draw import fonts
from archdsl.draw.engine import FORMATS, Bounds, EngineProblem, render
from archdsl.draw.engine import which as engines
from archdsl.draw.engine.which import Engine
from archdsl.errors.figures import EngineFailed, FormatMissing, NoEngine, TooLarge

DOT = 'digraph { node [fontname="Archdsl Sans"]; a [label="conv"]; a -> b }'
STARTS = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF", "json": b"{", "plain": b"graph"}


@pytest.fixture
def wheel() -> Engine:
    found = engines.wheel()
    assert found is not None  # a dependency of archdsl
    return found


@pytest.fixture
def script(tmp_path: Path) -> Callable[[str], Engine]:
    """A `dot` that does something else."""

    def made(text: str) -> Engine:
        path = tmp_path / "dot"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return Engine("system", str(path))

    return made


def failure(engine: Engine | None, dot: str = DOT, format: str = "svg", **bounds: float) -> EngineProblem:
    with pytest.raises(EngineProblem) as caught:
        render(dot, format, engine=engine, limits=Bounds(**bounds))
    return caught.value


@pytest.mark.parametrize("format", FORMATS)
def test_formats(format: str, wheel: Engine) -> None:
    said: list[str] = []
    assert render(DOT, format, engine=wheel, warn=said.append).startswith(STARTS[format])
    assert said == []


def test_the_systems_dot_puts_things_in_the_same_places(wheel: Engine) -> None:
    path = engines.on_path("dot")
    system = engines.asked(Engine("system", path)) if path else None
    if system is None or system.version < engines.RECENT:
        pytest.skip(f"no recent dot is installed (found: {system})")
    dot = 'digraph { a [pos="0,0" shape=box]; b [pos="0,100"]; a -> b [pos="e,0,82 0,18 0,40 0,60 0,72"] }'
    assert render(dot, "plain", engine=system, program="neato") == render(dot, "plain", engine=wheel, program="neato")


def test_pinned_places_stay(wheel: Engine) -> None:
    dot = 'digraph { a [pos="7,11"]; b [pos="700,1100"]; a -> b [pos="e,690,1090 20,20 40,40 60,60 80,80"] }'
    lines = render(dot, "plain", program="neato", engine=wheel).decode().splitlines()
    (a,), (b,) = ([line.split() for line in lines if line.startswith(f"node {name}")] for name in "ab")
    assert float(b[2]) - float(a[2]) == pytest.approx(693 / 72, abs=1e-3)
    assert float(b[3]) - float(a[3]) == pytest.approx(1089 / 72, abs=1e-3)


def test_what_graphviz_says_beside_the_picture(wheel: Engine) -> None:
    said: list[str] = []
    render("digraph { a [label=wwwwwwwwww width=0.1 fixedsize=true] }", "svg", engine=wheel, warn=said.append)
    assert said == ["Warning: node 'a', graph '%1' size too small for label"]


def test_nothing_is_read_that_a_graph_names(wheel: Engine, tmp_path: Path) -> None:
    picture = tmp_path / "picture.svg"
    picture.write_text('<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"/>')
    drawn = render(f'digraph {{ a [image="{picture}" label="" shape=none] }}', "svg", engine=wheel)
    assert b"image" not in drawn and b"picture" not in drawn


def test_nothing_is_written(wheel: Engine, tmp_path: Path) -> None:
    """Not beside the font, nor where fontconfig keeps its caches."""

    def state() -> dict[Path, int]:
        return {path: path.stat().st_mtime_ns for path in fonts.FOLDER.rglob("*")}

    before = state()
    command = f"from archdsl.draw.engine import render; render({DOT!r}, 'png')"
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache")}
    subprocess.run([sys.executable, "-c", command], env=environment, check=True)
    assert state() == before
    assert list(tmp_path.iterdir()) == []


def test_broken_dot_is_a_failure_with_its_reason(wheel: Engine) -> None:
    problem = failure(wheel, "digraph { a -> ")
    assert isinstance(problem.error, EngineFailed) and not problem.too_large
    assert "syntax error in line 1" in problem.error.words and "status 1" in problem.error.how


@pytest.mark.parametrize(
    ("dot", "format"),
    [
        (
            "digraph { " + "".join(f"n{i} -> n{i * 7919 % 3001}; n{i} -> n{i * 31 % 2999};" for i in range(9000)) + "}",
            "svg",
        ),
        ("digraph { graph [dpi=2000]; a [width=500 height=500] }", "png"),
        ("digraph { " + "".join(f"n{i} -> n{i + 1};" for i in range(100_000)) + "}", "plain"),
    ],
    ids=["tangled", "huge bitmap", "deep"],
)
def test_memory_is_limited(dot: str, format: str, wheel: Engine) -> None:
    if sys.platform != "linux":
        pytest.skip(f"{sys.platform} doesn't limit the address space of a process")
    problem = failure(wheel, dot, format, memory=300 * 2**20, seconds=60)
    assert isinstance(problem.error, TooLarge) and "300 MiB" in problem.error.limit


def test_time_is_limited_for_all_that_it_started(script: Callable[[str], Engine], tmp_path: Path) -> None:
    child = tmp_path / "child"
    start = time.monotonic()
    problem = failure(script(f"sleep 60 & echo $! > {child}; wait"), seconds=0.5)
    assert isinstance(problem.error, TooLarge) and problem.too_large and "0.5 seconds" in problem.error.limit
    assert time.monotonic() - start < 30
    assert gone(int(child.read_text()))


def gone(pid: int) -> bool:
    """Whether a process ended; one that nobody waited for yet counts as ended."""
    for _ in range(100):
        try:
            os.kill(pid, 0)
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except (ProcessLookupError, FileNotFoundError):
            return True
        time.sleep(0.05)
    return False


def test_output_of_a_slow_one_does_not_count(script: Callable[[str], Engine]) -> None:
    assert isinstance(failure(script("echo '<svg/>'; sleep 60"), seconds=0.5).error, TooLarge)


def test_a_crash(script: Callable[[str], Engine]) -> None:
    problem = failure(script("kill -SEGV $$"))
    assert isinstance(problem.error, EngineFailed) and "SIGSEGV" in problem.error.how
    assert problem.error.words == "it says nothing more"


def test_ended_by_the_system(script: Callable[[str], Engine]) -> None:
    assert failure(script("kill -KILL $$")).too_large


@pytest.mark.parametrize(
    "answer", ["exit 3", "exit 0", "echo hello; exit 3", "head -c 100000 /dev/urandom >&2; exit 3"]
)
def test_no_picture(script: Callable[[str], Engine], answer: str) -> None:
    problem = failure(script(answer))
    assert isinstance(problem.error, EngineFailed)
    assert len(problem.error.words) <= 300


def test_an_engine_that_is_not_there(tmp_path: Path) -> None:
    problem = failure(Engine("system", str(tmp_path / "nothing")))
    assert isinstance(problem.error, EngineFailed) and "nothing" in problem.error.words


def test_a_format_that_is_not_there(script: Callable[[str], Engine]) -> None:
    said = """echo 'Format: "pdf" not recognized. Use one of: canon dot svg' >&2; exit 1"""
    problem = failure(script(said), format="pdf")
    assert isinstance(problem.error, FormatMissing) and problem.error.format == "pdf"


class TestChoice:
    @pytest.fixture(autouse=True)
    def afresh(self, monkeypatch: pytest.MonkeyPatch) -> None:
        engines.find.cache_clear()
        monkeypatch.delenv(engines.CHOICE, raising=False)

    def teardown_method(self) -> None:
        engines.find.cache_clear()

    def versioned(self, folder: Path, version: str) -> Path:
        path = folder / "dot"
        path.write_text(f"#!/bin/sh\necho 'dot - graphviz version {version} (20230606)' >&2\n")
        path.chmod(0o755)
        return path

    def test_a_recent_one_of_the_system_comes_first(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = self.versioned(tmp_path, "99.1.0")
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        found = engines.find()
        assert found is not None and (found.path, found.version) == (str(path), (99, 1, 0))

    def test_then_the_wheel(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: Engine) -> None:
        self.versioned(tmp_path, "2.38.0")
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        found = engines.find()
        assert found is not None and found.path == wheel.path

    def test_then_an_old_one(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = self.versioned(tmp_path, "2.38.0")
        monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
        monkeypatch.setattr(engines, "wheel", lambda: None)
        found = engines.find()
        assert found is not None and found.path == str(path)

    def test_or_none(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(engines, "wheel", lambda: None)
        assert isinstance(failure(None).error, NoEngine)

    def test_or_the_one_that_is_named(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        path = self.versioned(tmp_path, "2.38.0")
        monkeypatch.setenv(engines.CHOICE, str(path))
        found = engines.find()
        assert found is not None and found.path == str(path)
        path.unlink()
        engines.find.cache_clear()
        assert isinstance(failure(None).error, EngineFailed)
