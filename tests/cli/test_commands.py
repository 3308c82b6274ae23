"""The commands: what goes where, and with which exit status."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from archdsl.cli.main import main

SPEC = """\
block unit(width) { conv(width, 3x3, pad=1) -> relu }

network net(width = 8) {
    input x: [N, 3, H = 16, W = 16]
    body: { unit(width) -> unit(width) -> unit(width) }
    avgpool(out=1x1) -> flatten
    fc: linear(10)
}

variant wide = net(width=16) { expect params == 5_258 }
"""
BAD = "network net {\n    input x: [N, 3]\n    linaer(2)\n}\n"
WARNING = "network net {\n    input x: [N, 3]\n    linear(2)\n}\n"


TABLE = """\
wide (net.arch): x 3x16x16 -> 10, at N = 1, H = 16, W = 16

step        kind       output  params     MACs     memory
---------------------------------------------------------
body        group    16x16x16   5,088  1.290 M  96.00 KiB
  0         unit     16x16x16     448  110.6 k  32.00 KiB
  1..2  x2  unit     16x16x16   2,320  589.8 k  32.00 KiB
1           avgpool    16x1x1       -        -       64 B
2           flatten        16       -        -        0 B
fc          linear         10     170      160       40 B
---------------------------------------------------------
parameters       5,258
buffers          0
MACs             1.290 M (1,290,400)
FLOPs            2.581 M (2,580,800), two for each MAC
weights          20.54 KiB of parameters and buffers
activations      96.10 KiB at N = 1
receptive field  7

x3: three equal steps in a row, with the figures of one.
"""


class Ran(NamedTuple):
    status: int
    out: str
    err: str


Run = Callable[..., Ran]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "net.arch").write_text(SPEC)
    (tmp_path / "bad.arch").write_text(BAD)
    return tmp_path


@pytest.fixture
def run(folder: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """`archdsl` with these arguments, in this process."""

    def run(*args: str) -> Ran:
        capsys.readouterr()
        status = main(list(args))
        return Ran(status, *capsys.readouterr())

    return run


def process(*args: str, stdin: str = "", env: dict[str, str] | None = None) -> Ran:
    """`archdsl` with these arguments, as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "archdsl", *args],
        input=stdin,
        capture_output=True,
        text=True,
        env={**os.environ, **(env or {})},
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)


# ---- exit status, as a process


def test_a_fine_spec_exits_0(folder: Path) -> None:
    assert process("check", "net.arch") == Ran(0, "net.arch is fine (2 networks)\n", "")


def test_mistakes_exit_1(folder: Path) -> None:
    ran = process("check", "bad.arch")
    assert (ran.status, ran.out) == (1, "")
    assert ran.err.startswith("error[E0202]:")
    assert "--> bad.arch:3:5" in ran.err
    assert ran.err.endswith("\n1 error\n")


def test_wrong_usage_exits_2(folder: Path) -> None:
    ran = process("check", "--no-such-option", "net.arch")
    assert (ran.status, ran.out) == (2, "")
    assert "--no-such-option" in ran.err


def test_standard_input(folder: Path) -> None:
    assert process("check", "-", stdin=SPEC).status == 0
    ran = process("check", "-", stdin=BAD)
    assert (ran.status, "--> <stdin>:3:5" in ran.err) == (1, True)
    assert process("summary", "-:wide", "--json", stdin=SPEC).status == 0


def test_a_reader_that_leaves_is_no_bug(folder: Path) -> None:
    command = subprocess.Popen(
        [sys.executable, "-m", "archdsl", "summary", "net.arch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert command.stdout is not None
    command.stdout.close()  # long before the command has anything to write
    _, said = command.communicate(timeout=20)
    assert (command.returncode, said) == (141, "")


def test_output_that_the_terminal_cannot_show_is_escaped(folder: Path) -> None:
    (folder / "\u6f22.arch").write_text(BAD)
    ran = process("check", "\u6f22.arch", env={"PYTHONIOENCODING": "ascii:strict"})
    assert ran.status == 1
    assert "\\u6f22.arch" in ran.err


def test_colour(folder: Path) -> None:
    assert "\x1b[" not in process("check", "bad.arch").err
    assert "\x1b[1;31m" in process("check", "bad.arch", env={"FORCE_COLOR": "1"}).err
    assert "\x1b[" not in process("check", "bad.arch", env={"FORCE_COLOR": "1", "NO_COLOR": "1"}).err


# ---- check


def test_a_variant_by_name(run: Run) -> None:
    assert run("check", "net.arch:wide") == Ran(0, "net.arch:wide is fine\n", "")


def test_figures_are_told_of_a_network_that_breaks_its_promises(run: Run, folder: Path) -> None:
    (folder / "net.arch").write_text(SPEC.replace("5_258", "5_259"))
    ran = run("summary", "net.arch:wide")
    assert (ran.status, ran.out) == (1, TABLE)
    assert ran.err.startswith("error[E0701]: parameters: 5,259 promised, 5,258 found")
    ran = run("why", "net.arch:wide", "fc")
    assert (ran.status, "error[E0701]" in ran.err) == (1, True)
    assert ran.out.startswith("fc: [N, 10]")
    ran = run("compile", "net.arch:wide")
    assert (ran.status, ran.out, "error[E0701]" in ran.err) == (1, "", True)
    (folder / "net.arch").write_text(SPEC.replace("5_258", "5_259").replace("relu", "rleu"))
    ran = run("summary", "net.arch:wide")
    assert (ran.status, ran.out) == (1, "")


def test_a_file_of_blocks_is_fine_but_compiles_to_nothing(run: Run, folder: Path) -> None:
    (folder / "blocks.arch").write_text("block unit(width) { conv(width, 3x3) }\n")
    ran = run("check", "blocks.arch", "net.arch")
    assert (ran.status, ran.err) == (0, "")
    assert "blocks.arch is fine (no network: blocks are checked where a network uses them)\n" in ran.out
    assert "E0808" in run("compile", "blocks.arch").err
    (folder / "blocks.arch").write_text("block unit(width) { conv(width, 3x3) \n")
    assert run("check", "blocks.arch").status == 1
    (folder / "blocks.arch").write_text("# nothing yet\n")
    assert "E0808" in run("check", "blocks.arch").err


def test_an_unknown_variant(run: Run) -> None:
    ran = run("check", "net.arch:wid")
    assert (ran.status, "error[E0807]" in ran.err) == (1, True)


def test_a_mistake_is_said_once_though_every_variant_meets_it(run: Run, folder: Path) -> None:
    (folder / "net.arch").write_text(SPEC.replace("relu", "rleu"))
    ran = run("check", "net.arch")
    assert (ran.status, ran.err.count("error[")) == (1, 1)


def test_several_files_in_one_report(run: Run) -> None:
    ran = run("check", "net.arch", "missing.arch", "bad.arch", "--output-format", "json")
    assert ran.status == 1
    assert ran.err == ""
    assert [found["code"] for found in json.loads(ran.out)] == ["E0801", "E0202"]


@pytest.mark.parametrize("output_format", ["json", "sarif"])
def test_nothing_found_is_a_report_too(run: Run, output_format: str) -> None:
    ran = run("check", "net.arch", "--output-format", output_format)
    assert (ran.status, ran.err) == (0, "")
    json.loads(ran.out)


def test_github_commands(run: Run) -> None:
    ran = run("check", "bad.arch", "--output-format", "github")
    assert ran.out.startswith("::error file=bad.arch,line=3,")


def test_settings(run: Run) -> None:
    assert run("check", "net.arch", "--set", "width=4").status == 0
    assert run("check", "net.arch:wide", "--set", "width = 2 * 3").status == 0  # skips the promise
    assert "E0502" not in run("check", "net.arch", "--set", "width=0").out
    assert run("check", "net.arch", "--set", "width=0").status == 1


@pytest.mark.parametrize("setting", ["width", "=3", "width=", "3=3", "a b=3"])
def test_bad_settings(run: Run, setting: str) -> None:
    ran = run("check", "net.arch", "--set", setting)
    assert (ran.status, "error[E0812]" in ran.err) == (1, True)


def test_a_setting_that_is_no_expression(run: Run) -> None:
    ran = run("check", "net.arch", "--set", "width=(3")
    assert ran.status == 1
    assert "--set" in ran.err


def test_limits_are_options(run: Run) -> None:
    assert run("check", "net.arch", "--max-steps", "100").status == 0
    ran = run("check", "net.arch", "--max-steps", "5")
    assert (ran.status, "error[E06" in ran.err) == (1, True)
    assert run("check", "net.arch", "--max-bytes", "10").status == 1
    assert run("check", "net.arch", "--max-steps", "0").status == 2


# ---- summary


def test_the_table(run: Run) -> None:
    assert run("summary", "net.arch:wide").out == TABLE


def test_machines_read_the_summary(run: Run) -> None:
    read = json.loads(run("summary", "net.arch:wide", "--json").out)
    assert (read["name"], read["params"], read["flops"]) == ("wide", 5258, 2 * read["macs"])
    assert read["receptive_field"] == [7, 7]
    assert [(step["path"], step["level"], step["repeat"]) for step in read["steps"]][:3] == [
        ("body", 0, 1),
        ("body.0", 1, 1),
        ("body.1", 1, 2),
    ]
    rows = run("summary", "net.arch:wide", "--format", "csv").out.splitlines()
    assert rows[0] == "step,kind,output,repeat,params,buffers,macs,activation_bytes"
    assert rows[1] == f"body,group,16x16x16,1,5088,0,{read['macs'] - 160},{3 * 2 * 16 * 16 * 16 * 4}"


def test_markdown(run: Run) -> None:
    lines = run("summary", "net.arch:wide", "--format", "markdown", "--depth", "1").out.splitlines()
    assert lines[:3] == [
        "| step | kind | output | params | MACs | memory |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        "| body | group | 16x16x16 | 5,088 | 1.290 M | 96.00 KiB |",
    ]
    assert "- parameters 5,258" in lines


def test_depth_opens_scopes(run: Run) -> None:
    assert "conv" not in run("summary", "net.arch").out
    assert "conv" in run("summary", "net.arch", "--depth", "3").out
    assert "unit" not in run("summary", "net.arch", "--depth", "1").out


@pytest.mark.parametrize("columns", [50, 80, 120])
def test_the_table_fits_the_terminal(run: Run, monkeypatch: pytest.MonkeyPatch, columns: int) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    table = run("summary", "net.arch", "--depth", "3").out.split("\n\n")[1]
    assert max(map(len, table.splitlines())) <= columns or columns < 60


# ---- compile


def test_a_module_is_written(run: Run, folder: Path) -> None:
    ran = run("compile", "net.arch:wide")
    assert ran.status == 0
    assert ran.out.startswith("wide (net.arch)")
    assert "wrote wide.py" in ran.err
    assert "compiled by archdsl from net.arch" in (folder / "wide.py").read_text().splitlines()[0]
    compile((folder / "wide.py").read_text(), "wide.py", "exec")


def test_printing_puts_the_table_aside(run: Run, folder: Path) -> None:
    run("compile", "net.arch")
    ran = run("compile", "net.arch", "-o", "-")
    assert ran.out == (folder / "net.py").read_text()
    assert ran.err.startswith("net (net.arch)")


def test_compiling_twice_replaces_what_was_generated(run: Run, folder: Path) -> None:
    assert run("compile", "net.arch", "-o", "out.py").status == 0
    assert run("compile", "net.arch:wide", "-o", "out.py").status == 0
    (folder / "out.py").write_text("import torch\n")
    ran = run("compile", "net.arch", "-o", "out.py")
    assert (ran.status, "error[E0810]" in ran.err) == (1, True)
    assert (folder / "out.py").read_text() == "import torch\n"
    assert run("compile", "net.arch", "-o", "out.py", "--force").status == 0


def test_a_spec_with_mistakes_writes_nothing(run: Run, folder: Path) -> None:
    ran = run("compile", "bad.arch")
    assert (ran.status, ran.out) == (1, "")
    assert not (folder / "net.py").exists()


def test_verify_builds_the_module(run: Run) -> None:
    ran = run("compile", "net.arch:wide", "--verify")
    assert (ran.status, "verified" in ran.err) == (0, True)


def test_verify_says_what_differs(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import archdsl.verify

    monkeypatch.setattr(archdsl.verify, "verify", lambda _: ["fc.weight: in the spec, but not in the module"])
    ran = run("compile", "net.arch:wide", "--verify")
    assert (ran.status, "verify: fc.weight: in the spec" in ran.err) == (1, True)


def test_verify_builds_nothing_that_does_not_fit(run: Run, folder: Path) -> None:
    (folder / "huge.arch").write_text("network huge {\n    input x: [N, 1_000_000]\n    linear(1_000_000_000)\n}\n")
    ran = run("compile", "huge.arch", "--verify")
    assert (ran.status, "huge needs 3.6 PiB" in ran.err) == (1, True)


# ---- why, ops, explain, and the frame around them


def test_why(run: Run) -> None:
    ran = run("why", "net.arch:wide", "body.0.0")
    assert ran.status == 0
    assert ran.out.startswith("body.0.0: [N, 16, H, W]  net.arch:1")
    assert "width = 16" in ran.out


def test_why_of_no_step(run: Run) -> None:
    ran = run("why", "net.arch", "body.0.9")
    assert (ran.status, ran.out) == (2, "")
    assert "there is no step `body.0.9`" in ran.err


def test_ops(run: Run) -> None:
    assert "\nconv_transpose  " in run("ops").out
    page = run("ops", "conv").out
    assert page.startswith(
        "conv(channels, kernel, stride=1, pad=0, dilation=1, groups=1, bias=true, ceil=false, connect=none)\n"
    )
    assert "    input image: [N, 3, 224, 224]" in page
    ran = run("ops", "convv")
    assert (ran.status, ran.out) == (2, "")
    assert "did you mean `conv`?" in ran.err


def test_explain(run: Run) -> None:
    assert run("explain", "E0701").out.startswith("E0701: A figure isn't what the spec says it is.\n")
    assert run("explain", "e0701") == run("explain", "E0701")
    assert "\nE0701  A figure isn't" in run("explain").out
    ran = run("explain", "E9999")
    assert (ran.status, ran.out) == (2, "")


def test_version(run: Run) -> None:
    from archdsl.version import VERSION

    assert run("--version") == Ran(0, f"archdsl {VERSION}\n", "")


def test_a_command_that_was_nearly_right(run: Run) -> None:
    ran = run("chekc", "net.arch")
    assert ran.status == 2
    assert "Did you mean 'check'?" in ran.err


def test_help_shows_every_command_and_limit(run: Run) -> None:
    shown = run("--help").out
    for command in ("check", "compile", "summary", "why", "fmt", "ops", "explain"):
        assert f"\n  {command} " in shown
    shown = run("check", "--help").out
    assert "Limits:" in shown
    assert "--max-steps N" in shown
    assert "Steps of the unfolded network" in " ".join(shown.split())


def test_a_bug_is_called_one(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    import archdsl.cli.summary as summary

    def broken(*_: object) -> None:
        raise KeyError("\x1b[2J")

    monkeypatch.setattr(summary, "summarize", broken)
    ran = run("summary", "net.arch")
    assert (ran.status, ran.out) == (2, "")
    assert "KeyError" in ran.err
    assert "This is a bug in archdsl" in ran.err
    assert "Traceback" not in ran.err
    assert "\x1b" not in ran.err
    monkeypatch.setenv("ARCHDSL_TRACEBACK", "1")
    with pytest.raises(KeyError):
        run("summary", "net.arch")


# ---- help


def test_the_list_of_commands_says_each_in_a_line(folder: Path) -> None:
    listed = process("--help", env={"COLUMNS": "80"}).out.partition("Commands:\n")[2].splitlines()
    assert [line for line in listed if line.endswith("...") or not re.match(r"  \w+ +[A-Z].*\.$", line)] == []
