"""Files: imports, variants, settings, promises."""

from __future__ import annotations

from pathlib import Path

from archdsl.budget import Budget
from archdsl.compiler import Checked, check, check_all
from archdsl.diagnostic import Diagnostics
from archdsl.elaborate.files import ImportRefused
from archdsl.errors.files import FileMissing
from archdsl.source import Source
from archdsl.syntax.parse import expression
from tests.elaborate.specs import codes, output, paths, program, run, words

NET = """network net(depth = 2, act = relu, widths = [4, 8]) {
input x: [N, 3, 8, 8]
act * depth -> conv(widths[0], 1x1)
}
"""


def check_with(files: dict[str, str]) -> Checked:
    """Check `main.arch` of some files that import one another by plain names."""

    def importer(source: Source, path: str) -> Source:
        if path not in files:
            raise ImportRefused(FileMissing(path))
        return Source(path, files[path], Path(path))

    return check(Source("main.arch", files["main.arch"], Path("main.arch")), importer=importer)


def test_imports_are_qualified() -> None:
    main = 'import "common.arch"\nimport "common.arch" as c\n' + NET.replace("act *", "common.unit(c.width) -> act *")
    checked = check_with(
        {
            "main.arch": main,
            "common.arch": "let width = 3\nblock unit(n) { conv(n, 1x1) -> helper }\nblock helper() { tanh }",
        }
    )
    assert words(checked)[:2] == ["conv", "tanh"]


def test_import_mistakes() -> None:
    def using(head: str, **others: str) -> list[str]:
        files = {f"{name}.arch": text for name, text in others.items()}
        return codes(check_with({"main.arch": head + "\n" + NET, **files}))

    assert using('import "none.arch"') == ["E0801"]
    assert using('import "a.arch"', a='import "b.arch"', b='import "a.arch"') == ["E0806"]
    assert using('import "main.arch"') == ["E0806"]
    assert using('import "{x}.arch"') == ["E0820"]
    assert using('import "a.arch"\nimport "b.arch" as a', a="", b="") == ["E0209"]
    assert using('import "a.arch"\nlet x = a.nothing\nlet y = x', a="") == []  # a `let` is evaluated when it is used
    assert using('import "a.arch"', a="block b( { }") == ["E0101"] or using('import "a.arch"', a="block b( { }")
    assert codes(check(Source("main.arch", 'import "a.arch"\n' + NET))) == ["E0821"]


def test_imports_are_not_transitive() -> None:
    main = 'import "a.arch"\nnetwork n() { input x: [N, 3]; b.unit }'
    assert codes(check_with({"main.arch": main, "a.arch": 'import "b.arch"', "b.arch": "block unit() { relu }"})) == [
        "E0201"
    ]


def test_variants_lay_their_arguments_over_the_base() -> None:
    text = (
        NET
        + "variant deep = net(5)\nvariant deeper = deep(act=tanh, widths=[6])\n"
        + "variant bad = net(size=1)\nvariant missing = nothing()"
    )
    assert words(run(text, "deep")) == ["relu"] * 5 + ["conv"]
    assert words(run(text, "deeper")) == ["tanh"] * 5 + ["conv"]
    assert output(run(text, "deeper")) == "[N, 6, 8, 8]"
    assert codes(run(text, "bad")) == ["E0210"]
    assert codes(run(text, "missing")) == ["E0807"]
    assert program(run(text, "deeper")).title == "deeper"


def test_variants_in_a_circle() -> None:
    assert codes(run(NET + "variant a = b()\nvariant b = a()", "a")) == ["E1007"]


def test_settings() -> None:
    assert len(words(run(NET, settings={"depth": 7}))) == 8
    assert words(run(NET, settings={"act": expression("leaky_relu(0.1)", Budget(), Diagnostics())}))[0] == "leaky_relu"
    assert output(run(NET, settings={"widths": [9]})) == "[N, 9, 8, 8]"
    assert codes(run(NET, settings={"dpth": 7})) == ["E0210"]
    assert codes(run(NET, settings={"depth": True})) == ["E0401"]


def test_promises_are_kept_or_reported() -> None:
    promised = NET.replace("\n}", "\nexpect params == 16\nexpect output == [N, 4, 8, 8]\n}")
    assert codes(run(promised)) == []
    assert codes(run(promised.replace("16", "17"))) == ["E0701"]
    assert codes(run(promised, settings={"widths": [5]})) == []
    assert codes(run(promised.replace("params", "parms"))) == ["E0703"]
    assert codes(run(NET + "variant v = net() { expect params == 1 }", "v")) == ["E0701"]
    assert codes(run(NET + "variant v = net() { expect params == 1 }\nvariant w = v()", "w")) == []


def test_lets_of_a_file() -> None:
    assert codes(run("let a = b + 1\nlet b = 2\n" + NET.replace("depth = 2", "depth = a"))) == []
    assert codes(run("let a = b\nlet b = a\n" + NET.replace("depth = 2", "depth = a"))) == ["E0603"]
    assert codes(run("let a = 1\nblock a() { relu }\n" + NET)) == ["E0209"]


def test_all_targets_of_a_file() -> None:
    text = NET + "variant v = net() { expect params == 1 }\nvariant w = net(3)"
    results = check_all(Source("spec.arch", text))
    assert [(name, codes(checked)) for name, checked in results] == [("net", []), ("v", ["E0701"]), ("w", [])]


def test_a_failed_spec_has_a_partial_graph() -> None:
    checked = run(NET.replace("conv(", "convv(") + "variant v = net()")
    assert checked.program is None
    assert checked.partial is not None
    assert [type(node).__name__ for node in checked.partial.graph.nodes] == ["Layer", "Layer", "Unknown"]


def test_paths_are_relative_to_the_call() -> None:
    text = "block a() { relu }\nblock b() { a; a }\nnetwork n() { input x: [N, 3]; b; b }"
    assert paths(run(text)) == ["0", "0.0", "0.0.0", "0.1", "0.1.0", "1", "1.0", "1.0.0", "1.1", "1.1.0"]


def test_what_is_no_value_of_the_language_is_refused() -> None:
    assert codes(run(NET, settings={"depth": object()})) == ["E0401"]
    assert codes(run(NET, settings={"depth": 2**63})) == ["E0408"]
    assert codes(run(NET, settings={"widths": [object()]})) == ["E0401"]


def test_a_string_for_a_step_is_an_expression() -> None:
    assert words(run(NET, settings={"act": "leaky_relu(0.1)"}))[0] == "leaky_relu"
    assert codes(run(NET, settings={"act": "leaky_relu("})) == ["E0103"]
    assert codes(run(NET, settings={"act": "nothing"})) == ["E0201"]
    assert codes(run(NET, settings={"act": 3})) == ["E0401"]
