"""Random specs that mostly compile: varying blocks, groups, loops, conditions, residuals, references."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")
Choose = Callable[[int], int]
"""A number below the given one: from hypothesis or from `random`."""

ACTIVATIONS = ("relu", "tanh", "hardswish", "leaky_relu(0.2)", "prelu", "relu6")


class Writer:
    """Writes one spec. Maps keep their size, channels change, so that most steps fit most places."""

    def __init__(self, choose: Choose) -> None:
        self.choose = choose
        self.blocks: list[tuple[str, bool]] = []
        self.lines: list[str] = []
        self.labels = 0
        self.known: list[str] = []

    def pick(self, options: Sequence[T]) -> T:
        return options[self.choose(len(options))]

    def maybe(self, out_of: int = 2) -> bool:
        return self.choose(out_of) == 0

    def label(self, prefix: str = "s") -> str:
        self.labels += 1
        return f"{prefix}{self.labels}"

    # ---- the file

    def spec(self) -> str:
        self.add(0, "block join(skip: value, width) { conv(width, 1x1) -> relu -> concat(skip, @) -> scale }")
        self.add(0, "block around(body: steps) { residual { norm: bn -> body } }")
        self.add(0, "block twice(width, body: steps) { conv(width, 1x1) -> first: body -> { body } * 2 }")
        self.add(0, "block either(wide, body: steps, other: steps) { if wide { body } else { other } }")
        self.add(0, "block passed(body: steps) { around { body -> relu } }")
        self.add(0, "block fan(width) { parallel { conv(width, 1x1); @; conv(width, 3x3, pad=1) -> relu } }")
        self.add(0, "block each(act: step) { parallel { for x in @ { @x -> conv(4, 1x1) -> act } } }")
        for i in range(self.choose(4)):
            self.block(f"part{i}")
        self.add(0, "network net {")
        self.add(1, f"input image: [N, {self.pick((3, 8))}, 6, 6]")
        self.known = []
        if self.maybe(3):
            self.add(1, "input other: [N, 2, 6, 6]")
            self.add(1, self.pick(("concat(@other, @image)", "@image -> conv(2, 1x1) -> mul(@other, @)")))
        main = self.body_with_outputs() if self.maybe() else self.body(1, self.choose(6) + 1, 0, in_block=False)
        if self.maybe():
            self.add(1, "avgpool(out=1x1) -> flatten")
            self.add(1, "fc: linear(5)" if self.maybe() else "linear(5)")
        if main:
            self.add(1, "output last: @")
        self.add(0, "}")
        return "\n".join(self.lines) + "\n"

    def body_with_outputs(self) -> bool:
        """Steps with side chains between them; whether one is an output outside of training."""
        main = False
        known = ["image"]
        for _ in range(self.choose(4) + 1):
            self.body(1, self.choose(2) + 1, 1, in_block=False)
            if self.maybe():
                known.append(self.label("y"))
                self.add(1, f"{known[-1]}: conv(8, 1x1)" + self.pick(("", " -> relu", " -> bn")))
            options = self.pick(("", "(training)", "(training, weight=0.5)"))
            main = main or not options
            start = self.pick(("", "", f"@{self.pick(known)} -> "))
            self.add(1, f"output {self.label('out')}{options}: {start}{self.side_chain()}")
            if self.maybe(4):
                self.add(1, f"output {self.label('out')}{options}: @{self.pick(known)}")
        return main

    def side_chain(self) -> str:
        steps = ["conv(4, 1x1)", "dropout(0.4)", "{ conv(2, 1x1) -> bn -> relu }", "inception { relu; conv(2, 1x1) }"]
        steps += ["relu", "conv(6, 3x3, pad=1) -> bn", "part0(8)" if self.blocks else "scale", "identity"]
        return " -> ".join(self.pick(steps) for _ in range(self.choose(3) + 1))

    def add(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def block(self, name: str) -> None:
        self.known = []
        self.add(0, f"block {name}(width, kernel = 3x3, wide = true, act = relu, times = 2) {{")
        if self.maybe():
            self.add(1, "let out = width * 2")
            self.add(1, "conv(out, 1x1)" if self.maybe() else f"{self.label()}: conv(out, 1x1)")
        self.body(1, self.choose(4) + 1, 0, in_block=True)
        self.add(0, "}")
        self.blocks.append((name, True))

    # ---- steps

    def body(self, indent: int, lines: int, depth: int, *, in_block: bool) -> None:
        for _ in range(lines):
            self.line(indent, depth, in_block)

    def width(self, in_block: bool) -> str:
        return (
            self.pick(("width", "width * 2", "width + 4", "@in.channels", "8", "@.channels"))
            if in_block
            else (self.pick(("4", "8", "12", "@.channels")))
        )

    def conv(self, in_block: bool, width: str | None = None) -> str:
        label = f"{self.label()}: " if self.maybe() else ""
        width = width or self.width(in_block)
        kernel = self.pick(("1x1", "3x3, pad=1"))
        if in_block and self.maybe(3):
            kernel = "kernel, pad=(kernel - 1) // 2"
        bias = ", bias=false" if self.maybe(3) else ""
        text = f"{label}conv({width}, {kernel}{bias})"
        if self.maybe():
            text += " -> " + self.pick(("bn", f"{self.label('n')}: bn", "bn(eps=0.001)"))
        if self.maybe():
            text += " -> " + self.activation(in_block)
        return text

    def activation(self, in_block: bool) -> str:
        if in_block and self.maybe(3):
            return "act"
        word = self.pick(ACTIVATIONS)
        return f"{self.label('a')}: {word}" if self.maybe(4) else word

    def line(self, indent: int, depth: int, in_block: bool) -> None:
        options = [self.plain, self.plain, self.small]
        if depth < 3:
            options += [
                self.crossing, self.group, self.residual, self.inception, self.dense, self.merge, self.lists, self.loop,
                self.braces, self.call, self.call, self.repeat, self.reference, self.declared, self.tied, self.again,
            ]  # fmt: skip
            if in_block:
                options += [self.condition, self.condition]
        self.pick(options)(indent, depth, in_block)

    def plain(self, indent: int, depth: int, in_block: bool) -> None:
        self.add(indent, self.conv(in_block))

    def small(self, indent: int, depth: int, in_block: bool) -> None:
        self.add(indent, self.pick((
            self.activation(in_block), "dropout(0.3)", "maxpool(3x3, stride=1, pad=1)", "identity",
            f"{self.label('d')}: dropout(0.2)", "avgpool(3x3, stride=1, pad=1)",
        )))  # fmt: skip

    def group(self, indent: int, depth: int, in_block: bool) -> None:
        label = f"{self.label('g')}: " if self.maybe() else ""
        self.add(indent, f"{label}{'checkpoint ' if self.maybe(4) else ''}{{")
        self.body(indent + 1, self.choose(3) + 1, depth + 1, in_block=in_block)
        self.add(indent, "}")

    def residual(self, indent: int, depth: int, in_block: bool) -> None:
        label = f"{self.label('r')}: " if self.maybe(4) else ""
        args = "(drop=0.2)" if self.maybe(5) else "(when=wide)" if in_block and self.maybe(4) else ""
        keep = self.label("k")
        self.add(indent, f"let {keep} = @")
        self.add(indent, f"{label}residual{args} {{")
        self.body(indent + 1, self.choose(2) + 1, depth + 1, in_block=in_block)
        if args == "(when=wide)" or self.maybe():
            self.add(indent + 1, self.conv(in_block, f"@{''}{keep}.channels").replace(f"@{keep}", keep))
            self.add(indent, "}")
            return
        self.add(indent, "} shortcut {")
        condition = self.pick(("true", "width > 6", "wide") if in_block else ("true",))
        if self.maybe():
            self.add(indent + 1, f"if {condition} {{")
            self.add(indent + 2, f"{self.label('p')}: conv(8, 1x1)")
            self.add(indent + 1, "}")
        else:
            self.add(indent + 1, self.conv(in_block, "8"))
        self.lines.insert(len(self.lines), "    " * indent + "}")
        # The body must end with as many channels as the shortcut has.
        at = max(i for i, line in enumerate(self.lines) if line.strip() == "} shortcut {")
        self.lines.insert(at, "    " * (indent + 1) + self.conv(in_block, "8"))

    def inception(self, indent: int, depth: int, in_block: bool) -> None:
        label = f"{self.label('i')}: " if self.maybe(4) else ""
        self.add(indent, f"{label}inception {{")
        for _ in range(self.choose(3) + 1):
            if self.maybe(4):
                self.group(indent + 1, depth + 1, in_block)
            else:
                self.add(indent + 1, self.conv(in_block))
        self.add(indent, "}")

    def dense(self, indent: int, depth: int, in_block: bool) -> None:
        """Lines that differ, some of them turns of a loop, some under a condition."""
        label = f"{self.label('d')}: " if self.maybe(4) else ""
        self.add(indent, f"{label}dense {{")
        for _ in range(self.choose(3)):
            kind = self.choose(4)
            if kind == 0:
                count, variable = ("times" if in_block else "2"), self.label("i")
                self.add(indent + 1, f"for {variable} in 0..{count} {{")
                label = f'"{self.label("t")}_{{{variable}}}": ' if self.maybe() else ""
                self.add(indent + 2, f"{label}{{ bn -> relu -> conv(4, 3x3, pad=1) }}")
                self.add(indent + 1, "}")
            elif kind == 1 and in_block:
                self.condition(indent + 1, depth + 1, in_block)
            else:
                self.add(indent + 1, self.conv(in_block, "4"))
        self.add(indent, "}")

    def merge(self, indent: int, depth: int, in_block: bool) -> None:
        """An op of several values with its values as lines."""
        label = f"{self.label('m')}: " if self.maybe(4) else ""
        if self.maybe(3):
            keep = self.label("k")
            self.add(indent, f"let {keep} = @")
            self.add(indent, f"{label}mul {{ @; avgpool(out=1x1) -> conv({keep}.channels, 1x1) -> sigmoid }}")
            return
        word = self.pick(("add", "sub", "mul", "concat", "concat(axis=1)"))
        self.add(indent, f"{label}{word} {{")
        for _ in range(2 if word == "sub" else self.choose(3) + 1):
            self.add(indent + 1, self.conv(in_block, "8"))
        self.add(indent, "}")

    def lists(self, indent: int, depth: int, in_block: bool) -> None:
        """Several values at once, through blocks, groups and loops, until they are merged."""
        label = f"{self.label('l')}: " if self.maybe(3) else ""
        self.add(indent, self.pick((
            f"{label}fan(4)",
            f"{label}parallel {{ conv(4, 1x1); conv(6, 3x3, pad=1) }}",
            f"{label}{{ fan({self.width(in_block)}) }}",
        )))  # fmt: skip
        for _ in range(self.choose(3)):
            self.add(indent, self.pick((
                f"each({self.pick(('relu', 'prelu', 'identity'))})",
                f"{self.label('g')}: {{ parallel {{ for i, x in enumerate(@) {{ @x -> conv(4 + i, 1x1) }} }} }}",
                "parallel { concat(@[0], @[1]); for x in @ { @x } }",
                "parallel { for x in reversed(@) { @x } }",
            )))  # fmt: skip
        self.add(indent, "concat(@)" if self.maybe() else "inception { for x in @ { @x -> conv(4, 1x1) } }")

    def checkpoint(self, indent: int, depth: int, in_block: bool) -> None:
        label = f"{self.label('c')}: " if self.maybe(3) else ""
        self.add(indent, f"{label}checkpoint {{")
        self.body(indent + 1, self.choose(3) + 1, depth + 1, in_block=in_block)
        self.add(indent, "}")

    def braces(self, indent: int, depth: int, in_block: bool) -> None:
        """Blocks that take braces, which use names and values of what is around them."""
        label = f"{self.label('w')}: " if self.maybe(3) else ""
        keep = self.label("k")
        self.add(indent, f"{keep}: {self.pick(('relu', 'conv(8, 1x1)', 'conv(6, 3x3, pad=1)'))}")
        self.add(indent, f"let c{keep} = @{keep}.channels")
        ends = (f"conv(c{keep}, 1x1)", f"conv(@{keep}.channels, 1x1) -> add(@, @{keep})", f"mul(@, @{keep}) -> tanh")
        kind = self.choose(4)
        if kind == 0:
            self.add(indent, f"{label}{self.pick(('around', 'passed'))} {{")
            self.body(indent + 1, self.choose(2), depth + 1, in_block=in_block)
            self.add(indent + 1, f"{self.label('e')}: conv(c{keep}, 1x1) -> {self.pick(ends)}")
            self.add(indent, "}")
        elif kind == 1:
            self.add(indent, f"{label}twice(c{keep}) {{ {self.pick(ends)} }}")
        elif kind == 2:
            test = self.pick(("true", "false", *(("wide", "not wide") if in_block else ())))
            self.add(indent, f"{label}either({test}) {{ {self.pick(ends)} }} other {{ {self.pick(ends)} -> bn }}")
        else:
            variable = self.label("i")
            self.add(indent, f"for {variable} in 0..{self.choose(3) + 1} {{")
            self.add(indent + 1, f"passed {{ conv(4 + {variable}, 1x1) -> concat(@, @{keep}) -> conv(c{keep}, 1x1) }}")
            self.add(indent, "}")

    def loop(self, indent: int, depth: int, in_block: bool) -> None:
        count = "times" if in_block and self.maybe() else str(self.choose(4) + 1)
        variable = self.label("i")
        self.add(indent, f"for {variable} in 0..{count} {{")
        label = f'"{self.label("t")}_{{{variable}}}": ' if self.maybe() else ""
        width = self.pick(("8", f"4 * ({variable} + 1)", *(("width",) if in_block else ())))
        kind = self.choose(5)
        if kind == 0:
            self.add(indent + 1, f"{label}conv({width}, 1x1) -> relu")
        elif kind == 1:
            keep = self.label("k")
            self.add(indent + 1, f"let {keep} = @")
            self.add(indent + 1, f"{label}conv({width}, 1x1) -> relu")
            self.add(indent + 1, self.pick((f"concat({keep}, @)", f"concat(@, {keep})")))
        elif kind == 2 and self.blocks:
            self.add(indent + 1, f"{label}{self.pick(self.blocks)[0]}(8)")
        elif kind == 3:
            self.add(indent + 1, f"residual {{ relu -> {label}conv(@.channels, 3x3, pad=1) }}")
        else:
            self.add(indent + 1, f"{label}{{")
            self.add(indent + 2, f"conv({width}, 1x1) -> bn")
            if self.maybe():
                self.add(indent + 2, "residual { relu -> conv(@in.channels, 1x1) }".replace("@in", "@"))
            self.add(indent + 1, "}")
        self.add(indent, "}")

    def repeat(self, indent: int, depth: int, in_block: bool) -> None:
        label = f"{self.label('m')}: " if self.maybe() else ""
        self.add(indent, f"{label}conv({self.width(in_block)}, 1x1) * {self.choose(3) + 1}")

    def call(self, indent: int, depth: int, in_block: bool) -> None:
        if not self.blocks:
            self.plain(indent, depth, in_block)
            return
        name, _ = self.pick(self.blocks)
        label = f"{self.label('b')}: " if self.maybe() else ""
        args = [self.pick(("4", "6", "8", *(("width", "width * 2") if in_block else ())))]
        if self.maybe():
            args.append("kernel=" + self.pick(("1x1", "3x3", "1x3", *(("kernel",) if in_block else ()))))
        if self.maybe():
            args.append("wide=" + self.pick(("true", "false", *(("not wide", "wide") if in_block else ()))))
        if self.maybe():
            args.append("act=" + self.pick(("tanh", "relu", "hardswish", "prelu", *(("act",) if in_block else ()))))
        if self.maybe(3):
            args.append("times=" + self.pick(("0", "1", "2", "3", "4")))
        times = f" * {self.choose(3) + 1}" if self.maybe(3) else ""
        self.add(indent, f"{label}{name}({', '.join(args)}){times}")

    def reference(self, indent: int, depth: int, in_block: bool) -> None:
        label = self.label("q")
        self.add(indent, f"{label}: conv(8, 1x1)")
        self.body(indent, self.choose(2) + 1, depth + 1, in_block=in_block)
        form = self.pick(("concat(@{0}, @)", "concat(@, @{0})", "concat(@, @{0}, @)"))
        self.add(indent, form.format(label))

    def declared(self, indent: int, depth: int, in_block: bool) -> None:
        """A tensor of the scope's own, as large as the maps or a number for each channel."""
        label = self.label("p")
        width = "width" if in_block and self.maybe() else "8"
        self.add(indent, f"conv({width}, 1x1)")
        kind = self.pick(("param", "param", "buffer", "const"))
        value = self.pick(("normal(std=0.5)", "ones", "0.5", f"[0.25 * (i + 1) for i in 0..{width}]"))
        self.add(indent, f"{kind} {label}: [{width}, 1, 1] = {value}")
        if self.maybe(3):
            self.add(indent, "{")
            self.add(indent + 1, f"conv({width}, 1x1) -> mul(@, @{label})")
            self.add(indent, "}")
        else:
            self.add(indent, self.pick(("mul(@, @{0})", "add(@{0}, @)", "sub(@, @{0}) -> relu")).format(label))

    def tied(self, indent: int, depth: int, in_block: bool) -> None:
        """One tensor in two steps, or a `param` in one, in the same scope or from within a group."""
        label = self.label("w")
        self.add(indent, "conv(8, 1x1)")
        if self.maybe(3):
            self.add(indent, f"param {label}: [8, 8, 1, 1] = normal(std=0.3)")
            given = f"weight=@{label}"
        else:
            group = self.label("g") if self.maybe(3) else ""
            self.add(indent, f"{group}: {{ {label}: conv(8, 1x1) }}" if group else f"{label}: conv(8, 1x1)")
            path = f'"{group}.{label}"' if group else label
            given = f"weight=@{path}.weight" + (f", bias=@{path}.bias" if self.maybe() else "")
        self.body(indent, self.choose(2), depth + 1, in_block=in_block)
        self.add(indent, f"conv(8, 1x1) -> conv(8, 1x1, {given})")
        if self.maybe(3):
            self.add(indent, f"{{ relu -> conv(8, 1x1) -> conv(8, 1x1, {given}) }}")

    def again(self, indent: int, depth: int, in_block: bool) -> None:
        """A step run on several values, smaller ones among them."""
        label = self.label("t")
        self.add(indent, "conv(8, 1x1)")
        kind = self.choose(3)
        if kind == 0:
            self.add(indent, f"{label}: conv(8, 3x3, pad=1)")
        elif kind == 1 and self.blocks:
            self.add(indent, f"{label}: {self.pick(self.blocks)[0]}(8)")
        else:
            self.add(indent, f"{label}: {{")
            self.body(indent + 1, self.choose(3) + 1, depth + 1, in_block=in_block)
            self.add(indent + 1, "inner: conv(8, 1x1) -> relu -> conv(8, 1x1)")
            self.add(indent, "}")
            if self.maybe(3):
                self.add(indent, f'add(@, @"{label}.inner")')
        self.add(indent, "conv(8, 1x1)")
        run = self.pick((
            f"@{label}(@)", f"@{label}(@) -> add(@, @{label})", f"conv(8, 1x1) -> @{label}(@) -> relu",
            f"maxpool(2x2) -> @{label}(@) -> upsample(2)",
        ))  # fmt: skip
        self.add(indent, run)
        if kind == 0 and self.maybe():
            variable = self.label("i")
            count = "times" if in_block and self.maybe() else str(self.choose(3) + 1)
            self.add(indent, f"for {variable} in 0..{count} {{ relu; @{label}(@) }}")

    def crossing(self, indent: int, depth: int, in_block: bool) -> None:
        """A value that goes into a group, and one that comes out of it."""
        outer, group, inner = self.label("o"), self.label("g"), self.label("h")
        self.add(indent, f"{outer}: conv(8, 1x1)")
        self.body(indent, self.choose(2), depth + 1, in_block=in_block)
        label = f"{group}: " if (labelled := self.maybe(3)) else ""
        self.add(indent, f"{label}{{")
        self.add(indent + 1, f"{inner}: conv(8, 3x3, pad=1)")
        self.body(indent + 1, self.choose(2), depth + 1, in_block=in_block)
        self.add(indent + 1, self.pick((f"concat(@{outer}, @)", "relu", f"conv(8, 1x1) -> mul(@, @{outer})")))
        self.add(indent, "}")
        if labelled:
            self.add(
                indent,
                f'concat(@, @"{group}.{inner}")' if self.maybe() else f'conv(8, 1x1) -> add(@"{group}.{inner}", @)',
            )
        elif self.maybe():
            self.add(indent, f"join(@{outer}, {self.width(in_block)})")

    def condition(self, indent: int, depth: int, in_block: bool) -> None:
        test = self.pick(("wide", "width > 6", "@in.channels == width", "not wide", "times == 2"))
        self.add(indent, f"if {test} {{")
        self.body(indent + 1, self.choose(2) + 1, depth + 1, in_block=in_block)
        if self.maybe(3):
            self.add(indent, "} else {")
            self.body(indent + 1, self.choose(2) + 1, depth + 1, in_block=in_block)
        self.add(indent, "}")


def random_spec(choose: Choose) -> str:
    """One spec's text."""
    return Writer(choose).spec()
