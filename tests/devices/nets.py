"""Networks on several devices: small ones that together use all that a split may hold."""

from __future__ import annotations

from tests.devices.agreement import Case

ALL = """
mesh gpus[{devices}]

block unit(c, stride = 1) {{
    residual {{
        conv(c, 3x3, stride=stride, pad=1, bias=false) -> bn -> relu -> conv(c, 3x3, pad=1) -> bn
    }} shortcut {{
        if stride != 1 {{ conv(c, 1x1, stride=stride) }}
    }}
    relu
}}

network every_step(classes = 10) {{
    input image: [N, 3, 20, 20]
    stem: conv(8, 3x3, pad=1)
    split(gpus) {{
        c1: conv(16, 3x3, pad=1) -> bn -> relu
        layernorm
        unit(16)
        unit(32, stride=2)
        c2: conv(32, 3x3, pad=1, groups=4) -> prelu -> last: lrn
        concat(@c1, @c1) -> maxpool(2x2) -> concat(@last, @)
        exchange -> conv(32, 1x1) -> groupnorm(8) -> exchange
        bn -> layernorm -> relu
        avgpool(out=2x2) -> flatten
        fc: linear(64) -> relu -> dropout(0.5)
        fc2: linear(32) -> relu
    }}
    add {{ @; linear(32) }}
    head: linear(classes)
}}
"""

TOWERS = """
mesh gpus[2]

network towers(classes = 10) {
    input image: [N, 3, 31, 31]
    split(gpus) {
        conv1: conv(16, 5x5, stride=2) -> relu -> lrn(5, k=2) -> maxpool(3x3, stride=2)
        conv2: conv(32, 3x3, pad=1) -> relu -> dropout(0.2, channels=true) -> exchange
        conv3: conv(32, 3x3, pad=1) -> relu -> maxpool(2x2)
        exchange -> flatten
        fc6: linear(64) -> relu -> dropout(0.5) -> exchange
        fc7: linear(64) -> relu -> dropout(0.5)
    }
    residual(drop=0.3) { linear(64) -> dropout(0.1) }
    fc8: linear(classes)
}
"""

UNEVEN = """
mesh gpus[2]

network uneven(classes = 10) {
    input image: [N, 3, 16, 16]
    split(gpus, by=[3, 5]) {
        conv1: conv(16, 3x3, pad=1) -> bn -> relu -> maxpool(2x2) -> dropout(0.2) -> exchange
        conv2: conv(32, 3x3, pad=1) -> relu -> dropout(0.3, channels=true) -> avgpool(out=2x2) -> flatten
        exchange
        fc: linear(40) -> relu
    }
    head: linear(classes)
}
"""

GROUPS = """
mesh gpus[{devices}]

block unit(c, stride = 1) {{
    residual {{
        conv(c, 3x3, stride=stride, pad=1, bias=false) -> {norm} -> relu -> conv(c, 3x3, pad=1) -> {norm}
    }} shortcut {{
        if stride != 1 {{ conv(c, 1x1, stride=stride) }}
    }}
    relu
}}

network groups(classes = 10) {{
    input image: [N, 3, 12, 12]
    stem: conv(8, 1x1)
    split(gpus, by={by}) {{
        conv(16, 3x3, pad=1, groups=8)      # of a whole value
        c1: conv(16, 3x3, pad=1) -> relu -> lrn(3, k=2)
        unit(16)
        unit(32, stride=2)
        for i in 0..2 {{ "d{{i}}": conv(32, 3x3, pad=1, groups=32) -> "p{{i}}": conv(32, 1x1) -> groupnorm(8) -> relu }}
        up: conv_transpose(16, 2x2, stride=2) -> dropout(0.2, channels=true)
        concat(@, @c1) -> scale -> conv(32, 2x2, stride=2) -> avgpool(out=2x2) -> flatten
        f1: linear(64) -> relu -> dropout(0.3)
        f2: linear(64) -> relu -> @f2(@) -> linear(64, weight=@f2.weight) -> exchange
        layernorm -> f3: linear(32) -> relu
    }}
    head: linear(classes)
    init {{ conv: kaiming_normal(fan=out); linear.weight: xavier_normal; "f1.*.bias": uniform }}
}}
"""

BRANCHES = """
mesh gpus[2]

network branches(classes = 10) {
    input image: [N, 3, 12, 12]
    split(gpus) {
        conv(8, 3x3, pad=1) -> relu
        inception { conv(8, 1x1); conv(4, 1x1) -> conv(8, 3x3, pad=1); maxpool(3x3, stride=1, pad=1) -> conv(4, 1x1) }
        dense { for i in 0..2 { { bn -> relu -> conv(4, 3x3, pad=1) } } }
        mul { @; avgpool(out=1x1) -> fc1: conv(8, 1x1) -> relu -> fc2: conv(28, 1x1) -> sigmoid }
        exchange
        a: conv(28, 1x1) -> relu -> exchange
        let once = @
        @a(once)
        avgpool(out=1x1) -> flatten
    }
    head: linear(classes)
}
"""

ON = """
mesh gpus[2]

network placed(classes = 10) {
    input image: [N, 3, 12, 12]
    on(gpus[1]) { conv(8, 3x3, pad=1) -> relu }        # of the image, which has no gradient
    split(gpus) { conv(8, 3x3, pad=1) -> relu -> dropout(0.2) }
    inception {
        on(gpus[0]) { conv(8, 1x1, freeze=true) }
        side: on(gpus[1]) { conv(8, 1x1) -> relu }
        split(gpus) { conv(8, 3x3, pad=1) }
    }
    avgpool(out=2x2) -> flatten
    head: linear(classes)
}
"""

DROPPING = """
mesh gpus[2]

block unit(c) { residual(drop=0.3) { conv(c, 3x3, pad=1) -> selu -> alpha_dropout(0.2) } }

network dropping(classes = 10) {
    input image: [N, 3, 12, 12]
    split(gpus) {
        conv(8, 3x3, pad=1) -> selu -> alpha_dropout(0.2)
        conv(8, 3x3, pad=1) -> selu -> alpha_dropout(0.3, channels=true) -> exchange
    }
    on(gpus[1]) { conv(8, 3x3, pad=1) -> dropout(0.1, channels=true) -> unit(8) }
    on(gpus[0]) { relu -> dropout(0.3) }
    avgpool(out=2x2) -> flatten -> dropout(0.5)
    head: linear(classes)
}
"""

AGAIN = """
mesh gpus[2]

network again(classes = 10) {
    input image: [N, 3, 12, 12]
    checkpoint { conv(8, 3x3, pad=1) -> relu -> dropout(0.2) -> conv(8, 3x3, pad=1) -> relu }
    split(gpus) {
        checkpoint { conv(8, 3x3, pad=1) -> bn -> relu -> dropout(0.3) -> conv(8, 3x3, pad=1) -> relu }
        exchange -> conv(8, 3x3, pad=1) -> dropout(0.1)
        checkpoint { exchange -> conv(8, 3x3, pad=1) -> relu -> exchange -> conv(16, 3x3, pad=1) -> relu -> exchange }
        wide: checkpoint { residual { conv(16, 1x1) -> exchange -> dropout(0.2) -> relu } }
    }
    avgpool(out=2x2) -> flatten -> dropout(0.5)
    head: linear(classes)
}
"""

TIED = """
mesh gpus[2]

network tied(classes = 10) {
    input x: [N, 16]
    norm: layernorm
    split(gpus) {
        a: linear(16) -> relu -> exchange
        again: layernorm(weight=@norm.weight, bias=@norm.bias)      # on every device, and outside too
        b: linear(16, weight=@a.weight) -> relu                     # a part on each device
    }
    head: linear(classes)
}
"""

PLAIN = """
network plain(classes = 10) {
    input image: [N, 3, 16, 16]
    conv(16, 3x3, pad=1) -> relu -> dropout(0.2, channels=true)
    residual(drop=0.2) { conv(16, 3x3, pad=1) -> relu }
    avgpool(out=2x2) -> flatten -> dropout(0.5)
    head: linear(classes)
}
"""

TWO = (
    Case("every step", ALL.format(devices=2), (6, 3, 20, 20)),
    Case("towers", TOWERS, (6, 3, 31, 31)),
    Case("uneven", UNEVEN, (6, 3, 16, 16)),
    Case("uneven groups", GROUPS.format(devices=2, by=[3, 5], norm="bn"), (6, 3, 12, 12)),
    Case("branches", BRANCHES, (6, 3, 12, 12)),
    Case("on", ON, (6, 3, 12, 12)),
    Case("dropping", DROPPING, (6, 3, 12, 12)),
    Case("again", AGAIN, (6, 3, 12, 12)),
    Case("tied", TIED, (6, 16)),
    Case("plain", PLAIN, (8, 3, 16, 16), replicas=2, wrap="ddp"),
    Case("plain", PLAIN, (8, 3, 16, 16), replicas=2, wrap="fsdp"),
)
FOUR = (
    Case("every step", ALL.format(devices=4), (6, 3, 20, 20)),
    Case("uneven groups", GROUPS.format(devices=4, by=[1, 3, 2, 2], norm="bn"), (6, 3, 12, 12)),
    Case("towers", TOWERS, (8, 3, 31, 31), replicas=2, wrap="ddp"),
    Case("towers", TOWERS, (8, 3, 31, 31), replicas=2, wrap="fsdp"),
    Case("dropping", DROPPING, (8, 3, 12, 12), replicas=2, wrap="ddp"),
    Case("again", AGAIN.replace("-> bn ", ""), (8, 3, 12, 12), replicas=2, wrap="ddp"),
    *(
        Case("uneven groups", GROUPS.format(devices=2, by=[3, 5], norm="lrn"), (8, 3, 12, 12), replicas=2, wrap=wrap)
        for wrap in ("ddp", "fsdp")
    ),
)
