"""ONNX files: ONNX's checker takes them, onnxruntime computes what the module computes, and names are the spec's."""

from __future__ import annotations

import onnx
import pytest
import torch

from archdsl.formats import as_bytes
from archdsl.formats.onnx import fixed_sizes
from archdsl.state import tensors
from tests.formats.compare import TOLERANCE
from tests.formats.models import made
from tests.formats.onnx_runs import difference

pytestmark = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:onnxscript",
    "ignore::DeprecationWarning:torch.onnx",
    "ignore:.*isinstance.treespec, LeafSpec.*:FutureWarning",
)


def test_free_sizes_stay_free() -> None:
    network = made("specs/resnet.arch", "resnet18")
    exported = as_bytes(network.program, network.module, ".onnx")
    assert exported.fixed == {}
    assert difference(exported.data, network.module, [torch.randn(2, 3, 97, 130)]) < TOLERANCE
    (image,) = onnx.load_from_string(exported.data).graph.input
    assert [dim.dim_param or dim.dim_value for dim in image.type.tensor_type.shape.dim] == ["N", 3, "H", "W"]


def test_sizes_that_onnx_cannot_leave_free_are_told() -> None:
    network = made("specs/vgg.arch", "vgg11", classes=10)
    exported = as_bytes(network.program, network.module, ".onnx")
    assert exported.fixed == {"H": 224, "W": 224}
    (image,) = onnx.load_from_string(exported.data).graph.input
    assert [dim.dim_param or dim.dim_value for dim in image.type.tensor_type.shape.dim] == ["N", 3, 224, 224]


def test_steps_of_training_fix_nothing() -> None:
    """GoogLeNet's heads pool into 4x4, which ONNX has at one size only; but they are not exported."""
    program = made("specs/googlenet.arch", "googlenet").program
    assert fixed_sizes(program) == {}


def test_names_are_the_spec_s() -> None:
    network = made("specs/resnet.arch", "resnet18")
    model = onnx.load_from_string(as_bytes(network.program, network.module, ".onnx").data)
    nodes = {node.name: node for node in model.graph.node}
    assert len(nodes) == len(model.graph.node)
    assert nodes["layer2.0.conv1"].op_type == "Conv"
    assert nodes["layer2.0.downsample.1"].op_type == "BatchNormalization"
    assert nodes["layer2.0/Relu_1"].op_type == "Relu"
    lines = network.program.source.text.splitlines()
    line = next(i for i, text in enumerate(lines, 1) if "bn2: " in text)  # in `basic`, which comes first
    assert {p.key: p.value for p in nodes["layer2.0.bn2"].metadata_props} == {"archdsl.spec": f"resnet.arch:{line}"}

    saved = {held.key: held.shape for held in tensors(network.program)}
    held = {tensor.name: tuple(tensor.dims) for tensor in model.graph.initializer}
    assert {name: held[name] for name in saved if not name.endswith("num_batches_tracked")} == {
        name: shape for name, shape in saved.items() if not name.endswith("num_batches_tracked")
    }
    assert [value.name for value in model.graph.output] == ["output"]


def test_text_has_names_and_shapes_but_no_weights() -> None:
    network = made("specs/lenet.arch")
    text = as_bytes(network.program, network.module, ".onnxtxt").data.decode()
    assert text.startswith("// lenet, compiled by archdsl from specs/lenet.arch (sha256 ")
    assert 'float[6,1,5,5] "c1.weight"' in text
    model = onnx.parser.parse_model(text.split("\n", 1)[1])
    assert [node.op_type for node in model.graph.node].count("Conv") == 2
    assert len(text) < 10_000  # 61,706 weights would not fit
