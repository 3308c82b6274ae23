"""What a command may not load: a spec is checked in the time that importing torch alone would take many times over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import archdsl

SPECS = Path(__file__).parent.parent.parent / "specs"

HEAVY = ("torch", "numpy", "networkx", "rich", "pygraphviz", "safetensors", "importlib.metadata")

SCRIPT = """
import sys
from archdsl.cli.main import main
status = main(sys.argv[1:])
print(*(name for name in {heavy!r} if name in sys.modules), file=sys.stderr)
sys.exit(status)
"""


@pytest.mark.parametrize(
    "command",
    [
        ["check", str(SPECS / "resnet.arch")],
        ["fmt", "--check", str(SPECS / "resnet.arch")],
        ["summary", str(SPECS / "resnet.arch:resnet18")],
        ["compile", str(SPECS / "resnet.arch:resnet18"), "-o", "{folder}/net.py"],
        ["draw", str(SPECS / "resnet.arch:resnet18"), "-o", "{folder}/net.svg"],
        ["why", str(SPECS / "resnet.arch:resnet18"), "layer1.0.conv1"],
        ["weights", "check", str(SPECS / "resnet.arch:resnet18"), "{weights}"],
        ["plan", str(SPECS / "resnet.arch:resnet18"), "--devices", "4", "--batch", "256"],
        ["ops"],
        ["ops", "conv"],
        ["explain", "E0701"],
        ["--version"],
        ["compile", "--help"],
    ],
    ids=" ".join,
)
def test_no_command_loads_what_it_does_not_need(command: list[str], tmp_path: Path) -> None:
    places = {"folder": tmp_path, "weights": weights(tmp_path) if "weights" in command else ""}
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(heavy=HEAVY), *(word.format(**places) for word in command)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    listed = "importlib.metadata" if command == ["ops"] else ""  # the ops of installed packages
    assert done.stderr.splitlines()[-1] == listed, "loaded"


def weights(folder: Path) -> Path:
    """A file that fits ResNet-18."""
    path = folder / "net.safetensors"
    archdsl.save(archdsl.load(SPECS / "resnet.arch", "resnet18"), path)
    return path


@pytest.mark.parametrize(
    ("step", "loads"),
    [
        ("linear(0)", ""),
        ("conv(8, 3x3)", ""),
        ("linear(width)", "importlib.metadata"),
        ("linaer(2)", "importlib.metadata"),
    ],
)
def test_a_mistake_loads_no_more(step: str, loads: str, tmp_path: Path) -> None:
    """But for a word that nothing here knows: an installed package may."""
    (tmp_path / "bad.arch").write_text(f"network net {{\n    input x: [N, 3]\n    {step}\n}}\n")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT.format(heavy=HEAVY), "check", str(tmp_path / "bad.arch")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == loads, "loaded"


def test_a_command_loads_no_other_command() -> None:
    script = (
        "import sys; from archdsl.cli.main import main; main(['check', sys.argv[1]]);"
        "print(*sorted(name for name in sys.modules if name.startswith('archdsl')))"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script, str(SPECS / "lenet.arch")], capture_output=True, text=True, check=True
    ).stdout
    loaded = shown.splitlines()[-1].split()
    assert "archdsl.cli.check" in loaded
    for module in ("archdsl.cli.compile", "archdsl.emit", "archdsl.reference", "archdsl.render.text", "archdsl.why"):
        assert module not in loaded
