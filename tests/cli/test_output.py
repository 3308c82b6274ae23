"""Files are written whole or not at all, and never over somebody else's."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from archdsl import writing
from archdsl.cli.output import write
from archdsl.reading import Refusal

GENERATED = '"""net, compiled by archdsl from net.arch (sha256 0). Edit the spec, not this file."""\n'


def refused(path: Path, **options: bool) -> str:
    with pytest.raises(Refusal) as caught:
        write(str(path), b"new", **options)
    return caught.value.diagnostics[0].code


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_gets_the_permissions_that_the_user_gives_to_new_files(tmp_path: Path) -> None:
    before = os.umask(0o027)
    try:
        write(str(tmp_path / "net.py"), b"new\n")
    finally:
        os.umask(before)
    assert (tmp_path / "net.py").read_bytes() == b"new\n"
    assert mode(tmp_path / "net.py") == 0o640


def test_a_generated_file_is_replaced_and_keeps_its_permissions(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text(GENERATED)
    path.chmod(0o755)
    write(str(path), b"new")
    assert (path.read_text(), mode(path)) == ("new", 0o755)


@pytest.mark.parametrize("text", ["import torch\n", "", "# a note\n" + GENERATED])
def test_any_other_file_is_kept_without_force(tmp_path: Path, text: str) -> None:
    path = tmp_path / "net.py"
    path.write_text(text)
    assert refused(path) == "E0810"
    assert path.read_text() == text
    write(str(path), b"new", force=True)
    assert path.read_text() == "new"


@pytest.mark.parametrize("force", [False, True])
def test_folders_pipes_and_devices_are_never_replaced(tmp_path: Path, force: bool) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert refused(tmp_path, force=force) == "E0802"
    assert refused(tmp_path / "pipe", force=force) == "E0802"
    assert refused(Path("/dev/null"), force=force) == "E0802"
    assert stat.S_ISFIFO((tmp_path / "pipe").stat().st_mode)


def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    assert refused(tmp_path / "no" / "net.py") == "E0811"


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text(GENERATED)
    (tmp_path / "link.py").symlink_to("real.py")
    write(str(tmp_path / "link.py"), b"new")
    assert (tmp_path / "link.py").is_symlink()
    assert (tmp_path / "real.py").read_text() == "new"


def test_a_link_to_somebody_elses_file_is_kept(tmp_path: Path) -> None:
    (tmp_path / "real.py").write_text("import torch\n")
    (tmp_path / "link.py").symlink_to("real.py")
    assert refused(tmp_path / "link.py") == "E0810"


@pytest.mark.parametrize("step", ["replace", "chmod"])
def test_a_failure_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "net.py"
    path.write_text(GENERATED)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(writing.os, step, fail)
    assert refused(path) == "E0811"
    assert path.read_text() == GENERATED
    assert os.listdir(tmp_path) == ["net.py"]
