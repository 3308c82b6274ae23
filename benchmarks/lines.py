"""Lines of the emitted modules against torchvision's classes and builders for the same network.

Counted are lines with code: no comments, docstrings, blank lines or imports. Of torchvision's files only what the
network needs is taken, and nothing of its published weights.
"""

from __future__ import annotations

import ast
import io
import tokenize
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import archdsl
from benchmarks.measure import SPECS, Row

MOST = 1.3

MISC = {
    "torchvision.ops.misc": "ConvNormActivation Conv2dNormActivation SqueezeExcitation",
    "torchvision.models._utils": "_make_divisible",
}

NETWORKS: dict[str, tuple[str, dict[str, str]]] = {
    "alexnet": ("alexnet.arch:alexnet_torchvision", {"torchvision.models.alexnet": "AlexNet alexnet"}),
    "vgg16": ("vgg.arch:vgg16", {"torchvision.models.vgg": "VGG make_layers cfgs _vgg vgg16"}),
    "resnet50": (
        "resnet.arch:resnet50",
        {"torchvision.models.resnet": "conv3x3 conv1x1 Bottleneck ResNet _resnet resnet50"},
    ),
    "densenet121": (
        "densenet.arch:densenet121",
        {"torchvision.models.densenet": "_DenseLayer _DenseBlock _Transition DenseNet _densenet densenet121"},
    ),
    "googlenet": (
        "googlenet.arch:googlenet",
        {"torchvision.models.googlenet": "GoogLeNetOutputs GoogLeNet Inception InceptionAux BasicConv2d googlenet"},
    ),
    "inception_v3": (
        "inception_v3.arch:inception_v3",
        {
            "torchvision.models.inception": "InceptionOutputs Inception3 InceptionA InceptionB InceptionC InceptionD"
            " InceptionE InceptionAux BasicConv2d inception_v3"
        },
    ),
    "mobilenet_v3_large": (
        "mobilenet_v3.arch:mobilenet_v3_large",
        {
            "torchvision.models.mobilenetv3": "InvertedResidualConfig InvertedResidual MobileNetV3 _mobilenet_v3_conf"
            " _mobilenet_v3 mobilenet_v3_large",
            **MISC,
        },
    ),
    "vit_b_16": (
        "vit.arch:vit_b_16",
        {
            "torchvision.models.vision_transformer": "MLPBlock EncoderBlock Encoder VisionTransformer"
            " _vision_transformer vit_b_16",
            "torchvision.ops.misc": "MLP",
        },
    ),
}


def code_lines(text: str) -> int:
    """Lines that hold a token which is no comment, and no docstring or import statement."""
    left_out = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str))
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    empty = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    held = {
        line
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type not in empty
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(held - left_out)


def parts(module: str, names: str) -> Iterator[str]:
    """The source of a module's classes, functions and constants of these names, decorators left out."""
    file = import_module(module).__file__
    assert file is not None
    text = Path(file).read_text()
    lines = text.splitlines()
    wanted = set(names.split())
    for node in ast.parse(text).body:
        targets = getattr(node, "targets", [getattr(node, "target", None)])
        named = {getattr(node, "name", None), *(getattr(target, "id", None) for target in targets)}
        if named & wanted:
            wanted -= named
            yield "\n".join(lines[node.lineno - 1 : node.end_lineno])
    assert not wanted, f"{module} has no {wanted}"


def run() -> Iterator[Row]:
    for name, (target, sources) in NETWORKS.items():
        file, _, variant = target.partition(":")
        ours = code_lines(archdsl.compile(SPECS / file, variant))
        theirs = sum(code_lines(part) for module, names in sources.items() for part in parts(module, names))
        yield Row(
            f"lines of {name}, emitted, against torchvision's",
            f"{ours} against {theirs}: {ours / theirs:.2f} of it",
            f"at most {MOST}",
            ours / theirs <= MOST,
        )
