"""A file is in its place whole, and on the disk, or what was there stays."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archdsl.reading import Refusal
from archdsl.writing import replacing, write


def test_content_reaches_the_disk_before_the_name_and_then_the_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a machine that loses power has a new, empty file where the old one was."""
    done: list[str] = []
    sync, replace = os.fsync, os.replace

    def fsync(file: int) -> None:
        what = os.readlink(f"/proc/self/fd/{file}")
        size = os.fstat(file).st_size
        done.append("folder" if os.path.isdir(what) else f"{size} bytes")
        sync(file)

    def renamed(old: str, new: str) -> None:
        done.append("rename")
        replace(old, new)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", renamed)
    write(str(tmp_path / "file"), b"content")
    assert done == ["7 bytes", "rename", "folder"]
    assert (tmp_path / "file").read_bytes() == b"content"


def test_a_disk_that_fails_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def fails(_: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(Refusal):
        write(str(path), b"new")
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_that_cannot_be_synced_is_no_failure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some file systems can't; the file is in its place by then."""
    sync = os.fsync

    def fsync(file: int) -> None:
        if os.path.isdir(f"/proc/self/fd/{file}"):
            raise OSError(22, "Invalid argument")
        sync(file)

    monkeypatch.setattr(os, "fsync", fsync)
    write(str(tmp_path / "file"), b"new")
    assert (tmp_path / "file").read_bytes() == b"new"


def test_links_and_permissions_stay(tmp_path: Path) -> None:
    path, link = tmp_path / "file", tmp_path / "link"
    path.write_bytes(b"old")
    path.chmod(0o640)
    link.symlink_to(path)
    with replacing(str(link)) as beside:
        Path(beside).write_bytes(b"new")
    assert link.is_symlink() and path.read_bytes() == b"new"
    assert path.stat().st_mode & 0o777 == 0o640
