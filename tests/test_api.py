"""`archdsl.load` and its modules: they are like any other module, and an error in one names the spec's line."""

from __future__ import annotations

import copy
import pickle
import subprocess
import sys
import traceback
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

import archdsl

SPEC = """\
block unit(width, act = relu) {
    residual { conv(width, 3x3, pad=1) -> bn } shortcut { conv(width, 1x1) }
    act
}
network net(classes = 3, act = relu) {
    input image: [N, 3, H = 16, W = 16]
    stage: { unit(8, act) -> unit(8) }
    dropout(0.5)
    avgpool(out=1x1) -> flatten
    fc: linear(classes)
}
variant wide = net(classes=7) { expect params == 1 }
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "net.arch"
    path.write_text(SPEC)
    return path


@pytest.fixture
def model() -> nn.Module:
    return archdsl.loads(SPEC, "net", name="net.arch")


def image() -> Tensor:
    return torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0))


def test_load_takes_parameters_and_skips_promises_with_them(spec: Path) -> None:
    assert archdsl.load(spec, "net", classes=5).fc.out_features == 5  # type: ignore[union-attr]
    assert type(archdsl.load(spec, "net", act="leaky_relu(0.1)")).__name__ == "Net"
    assert archdsl.load(spec, variant="wide", classes=7).fc.out_features == 7  # type: ignore[union-attr]
    with pytest.raises(archdsl.CompileError, match="E0701"):
        archdsl.load(spec, variant="wide")


def test_dtype_and_device(spec: Path) -> None:
    module = archdsl.load(spec, "net", dtype=torch.float64)
    assert {parameter.dtype for parameter in module.parameters()} == {torch.float64}
    on_meta = archdsl.load(spec, "net", device="meta")
    assert {parameter.device.type for parameter in on_meta.parameters()} == {"meta"}


def test_one_seed_gives_one_network(spec: Path) -> None:
    torch.manual_seed(3)
    first = archdsl.load(spec, "net").state_dict()
    torch.manual_seed(3)
    second = archdsl.load(spec, "net").state_dict()
    assert all(torch.equal(first[key], second[key]) for key in first)


def test_what_does_not_fit_is_refused_before_anything_is_allocated() -> None:
    huge = "network huge { input x: [N, 1_000_000_000]; linear(1_000_000) }"
    with pytest.raises(MemoryError, match="PiB"):
        archdsl.loads(huge)
    with pytest.raises(MemoryError, match="max_bytes"):
        archdsl.loads(SPEC, "net", max_bytes=1000)


def test_submodules_are_real(model: nn.Module) -> None:
    unit = model.stage[0]  # type: ignore[index]
    seen: list[torch.Size] = []
    unit.register_forward_hook(lambda module, args, output: seen.append(output.shape))
    model.eval()(image())
    assert seen == [torch.Size((2, 8, 16, 16))]
    assert unit(image()).shape == (2, 8, 16, 16)


def test_a_copy_is_equal_and_apart(model: nn.Module) -> None:
    twin = copy.deepcopy(model).eval()
    model.eval()
    assert torch.equal(twin(image()), model(image()))
    with torch.no_grad():
        twin.fc.bias += 1  # type: ignore[operator, union-attr]
    assert not torch.equal(twin(image()), model(image()))


def test_a_pickle_needs_no_spec_in_another_process(model: nn.Module, tmp_path: Path) -> None:
    model.eval()
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(model))
    torch.save((image(), model(image())), tmp_path / "tensors.pt")
    script = (
        "import pickle, torch\n"
        f"torch.set_num_threads({torch.get_num_threads()})\n"  # more would add up in another order
        "model = pickle.load(open('model.pickle', 'rb'))\n"
        "x, y = torch.load('tensors.pt')\n"
        "assert torch.equal(model(x), y) and not model.training\n"
        "try:\n    model(x[:, :2])\nexcept RuntimeError:\n"
        "    import traceback; assert 'net.arch\", line 2' in traceback.format_exc()\n"
        "print('equal')"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("equal\n", "")


def test_an_uncaught_error_shows_the_line_of_the_spec(spec: Path) -> None:
    script = "import archdsl, torch\nmodel = archdsl.load('net.arch', 'net')\nmodel(torch.zeros(2, 4, 16, 16))"
    done = subprocess.run([sys.executable, "-c", script], cwd=spec.parent, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    at = next(i for i, line in enumerate(lines) if 'net.arch", line 2' in line)
    assert lines[at + 1].strip() == SPEC.splitlines()[1].strip()
    assert "^" not in lines[at + 2]


def test_an_error_in_a_block_of_another_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "parts.arch").write_text("block part() {\n    residual { conv(3, 3x3, pad=1) }\n}\n")
    main = 'import "parts.arch"\nnetwork n { input x: [N, 3, H, W]; p: parts.part; add(@, @x) }\n'
    (tmp_path / "main.arch").write_text(main)
    module = archdsl.load(tmp_path / "main.arch")
    with pytest.raises(RuntimeError) as caught:
        module(torch.zeros(1, 5, 8, 8))
    frames = [(Path(frame.filename).name, frame.lineno) for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert ("main.arch", 2) in frames
    assert ("parts.arch", 2) in frames


def test_mistakes_come_all_at_once(spec: Path) -> None:
    spec.write_text(SPEC.replace("-> bn }", "-> bnn }").replace("flatten", "flaten"))
    with pytest.raises(archdsl.CompileError) as caught:
        archdsl.load(spec, "net")
    assert [d.code for d in caught.value.diagnostics] == ["E0202", "E0202"]
    assert "did you mean `flatten`?" in str(caught.value)


def test_importing_archdsl_imports_no_torch() -> None:
    script = "import sys, archdsl; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
