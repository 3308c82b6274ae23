"""What is read, what is refused, and that imports stay inside the folder of the spec."""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path

import pytest

from archdsl.budget import Limits
from archdsl.cli.target import split_target
from archdsl.compiler import check
from archdsl.elaborate.files import ImportRefused
from archdsl.reading import Refusal, importer, read
from archdsl.render import render_text
from archdsl.source import Source

LIMITS = Limits()


def refused(path: str, limits: Limits = LIMITS) -> Refusal:
    with pytest.raises(Refusal) as caught:
        read(path, limits)
    return caught.value


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder `inside` with a spec, and a file beside the folder that no import may reach."""
    inside = tmp_path / "inside"
    (inside / "parts").mkdir(parents=True)
    (inside / "net.arch").write_text("# net")
    (inside / "common.arch").write_text("# common")
    (inside / "parts" / "head.arch").write_text("# head")
    (tmp_path / "secret.arch").write_text("# secret")
    return inside


def imported(folder: Path, written: str, importing: str | None = None) -> Source:
    main = read(str(folder / "net.arch"), LIMITS)
    load = importer(main, LIMITS)
    return load(load(main, importing) if importing else main, written)


def test_a_file_is_read_as_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder)
    source = read("./net.arch", LIMITS)
    assert (source.name, source.text, source.path) == ("./net.arch", "# net", folder.resolve() / "net.arch")


def test_a_missing_file_gets_a_suggestion(folder: Path) -> None:
    found = refused(str(folder / "nett.arch")).diagnostics[0]
    assert found.code == "E0801"
    assert "did you mean" in found.helps[0].text
    assert "net.arch" in found.helps[0].text


def test_a_folder_is_no_file(folder: Path) -> None:
    found = refused(str(folder)).diagnostics[0]
    assert (found.code, "a folder" in found.title) == ("E0802", True)


def test_a_file_is_no_folder(folder: Path) -> None:
    assert refused(str(folder / "net.arch" / "x")).diagnostics[0].code == "E0801"


def test_a_pipe_is_refused_without_waiting_for_it(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.arch")
    found = refused(str(tmp_path / "pipe.arch")).diagnostics[0]
    assert (found.code, "a pipe" in found.title) == ("E0802", True)


def test_a_device_is_refused() -> None:
    found = refused("/dev/zero").diagnostics[0]
    assert (found.code, "a device" in found.title) == ("E0802", True)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_an_unreadable_file_says_why(folder: Path) -> None:
    (folder / "net.arch").chmod(0)
    assert refused(str(folder / "net.arch")).diagnostics[0].title.endswith("permission denied")


def test_a_name_too_long_for_the_system_says_why() -> None:
    assert refused("x" * 5000).diagnostics[0].code == "E0803"


def test_a_loop_of_links_says_why(tmp_path: Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    assert refused(str(tmp_path / "a")).diagnostics[0].code == "E0803"


def test_bytes_that_are_no_utf8_are_left_to_the_parser(tmp_path: Path) -> None:
    path = tmp_path / "latin.arch"
    path.write_bytes("# na\u00efve \u6f22 ".encode() + b"\xff\n")
    source = read(str(path), LIMITS)
    (found,) = [one for one in check(source).diagnostics if one.code == "E0119"]
    assert found.span.text == "\udcff"
    assert "<0xFF>" in render_text([found])


def test_no_more_is_read_than_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "large.arch"
    with open(path, "wb") as file:
        file.truncate(10**12)  # sparse: takes no room, but reading it would
    assert "1,000" in refused(str(path), Limits(bytes=1000)).diagnostics[0].title


def test_a_file_just_below_the_limit_is_read(folder: Path) -> None:
    assert read(str(folder / "net.arch"), Limits(bytes=5)).text == "# net"
    refused(str(folder / "net.arch"), Limits(bytes=4))


def test_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"relu")))
    source = read("-", LIMITS)
    assert (source.name, source.text, source.path) == ("<stdin>", "relu", None)


def test_imports_are_relative_to_the_importing_file(folder: Path) -> None:
    assert imported(folder, "common.arch").text == "# common"
    assert imported(folder, "parts/head.arch").text == "# head"
    assert imported(folder, "../common.arch", importing="parts/head.arch").text == "# common"


def test_an_imported_file_is_named_below_the_folder_of_the_spec(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(folder.parent)
    load = importer(main := read("inside/net.arch", LIMITS), LIMITS)
    assert load(main, "parts/../common.arch").name == "inside/common.arch"


@pytest.mark.parametrize(
    "written",
    [
        "../secret.arch",
        "parts/../../secret.arch",
        "./../inside/../secret.arch",
        "/etc/passwd",
        "..",
        "a\x00b",
        "..\\secret.arch",
        "parts\n",
    ],
)
def test_imports_do_not_leave_the_folder(folder: Path, written: str) -> None:
    with pytest.raises(ImportRefused) as caught:
        imported(folder, written)
    assert caught.value.error.code == "E0805"


def test_imports_of_imports_do_not_leave_the_folder(folder: Path) -> None:
    with pytest.raises(ImportRefused):
        imported(folder, "../../secret.arch", importing="parts/head.arch")


@pytest.mark.parametrize("link", ["file", "folder"])
def test_links_do_not_leave_the_folder(folder: Path, link: str) -> None:
    if link == "file":
        (folder / "out.arch").symlink_to("../secret.arch")
    else:
        (folder / "out").symlink_to("..")
    with pytest.raises(ImportRefused) as caught:
        imported(folder, "out.arch" if link == "file" else "out/secret.arch")
    assert caught.value.error.code == "E0805"


def test_a_link_behind_which_dots_lead_elsewhere_does_not_leave_the_folder(folder: Path) -> None:
    # Read as text `deep/../secret.arch` is `secret.arch` in the folder; the system looks beside the link's target.
    (folder.parent / "elsewhere").mkdir()
    (folder / "deep").symlink_to("../elsewhere")
    with pytest.raises(ImportRefused):
        imported(folder, "deep/../secret.arch")


def test_links_inside_the_folder_are_followed(folder: Path) -> None:
    (folder / "link.arch").symlink_to("parts/head.arch")
    assert imported(folder, "link.arch").text == "# head"


def test_the_folder_is_the_one_that_was_named(folder: Path) -> None:
    (folder.parent / "store").mkdir()
    (folder.parent / "store" / "real.arch").write_text("# real")
    (folder / "net2.arch").symlink_to("../store/real.arch")
    main = read(str(folder / "net2.arch"), LIMITS)
    assert importer(main, LIMITS)(main, "common.arch").text == "# common"


def test_imports_of_standard_input_are_relative_to_the_current_folder(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(folder)
    main = Source("<stdin>", "")
    assert importer(main, LIMITS)(main, "common.arch").text == "# common"
    with pytest.raises(ImportRefused):
        importer(main, LIMITS)(main, "../secret.arch")


def test_an_import_that_is_no_file_is_refused(folder: Path) -> None:
    with pytest.raises(ImportRefused) as caught:
        imported(folder, "parts")
    assert caught.value.error.code == "E0802"


def test_targets() -> None:
    assert split_target("resnet.arch") == ("resnet.arch", None)
    assert split_target("resnet.arch:resnet18") == ("resnet.arch", "resnet18")
    assert split_target("-:resnet18") == ("-", "resnet18")
    assert split_target("C:\\nets\\resnet.arch") == ("C:\\nets\\resnet.arch", None)
    assert split_target("a:b/resnet.arch:big") == ("a:b/resnet.arch", "big")
    assert split_target("a:b/resnet.arch") == ("a:b/resnet.arch", None)
    assert split_target(":resnet18") == (":resnet18", None)


def test_a_file_whose_name_has_a_colon(tmp_path: Path) -> None:
    (tmp_path / "a:b").write_text("")
    assert split_target(str(tmp_path / "a:b")) == (str(tmp_path / "a:b"), None)
    assert split_target(str(tmp_path / "a:b:c")) == (str(tmp_path / "a:b"), "c")
