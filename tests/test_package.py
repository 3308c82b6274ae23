"""A wheel holds all that a run needs, and nothing that is not the package."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from archdsl.version import VERSION

ROOT = Path(__file__).parents[1]


def test_wheel(tmp_path: Path) -> None:
    # Built from a copy: a build leaves files behind, and would take up those of a build before it.
    source = tmp_path / "source"
    source.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    shutil.copytree(ROOT / "archdsl", source / "archdsl", ignore=shutil.ignore_patterns("__pycache__"))
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "."]
    subprocess.run([*command, "--wheel-dir", str(tmp_path)], cwd=source, check=True, capture_output=True)

    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name == f"archdsl-{VERSION}-py3-none-any.whl"
    held = {name for name in ZipFile(wheel).namelist() if not name.endswith("/")}
    info = f"archdsl-{VERSION}.dist-info/"
    package = {f.relative_to(source).as_posix() for f in (source / "archdsl").rglob("*") if f.is_file()}
    assert {name for name in held if not name.startswith(info)} == package
    assert {"archdsl/py.typed", "archdsl/syntax/arch.lark", "archdsl/syntax/arch.tables"} <= package
    assert {info + "licenses/LICENSE", info + "licenses/archdsl/draw/font/OFL.txt"} <= held
    assert "archdsl = archdsl.cli.main:main" in ZipFile(wheel).read(info + "entry_points.txt").decode()
