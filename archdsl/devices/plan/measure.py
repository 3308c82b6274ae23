"""What the steps of a network cost in training, at one size of the microbatch.

FLOPs: two for each multiply-accumulate of a convolution or matrix product in the forward pass; in the backward pass as
much for each of its two factors that wants a gradient, so in all four (Narayanan et al. 2021, "Efficient Large-Scale
Language Model Training on GPU Clusters Using Megatron-LM", appendix: "the backward pass requires double the number of
FLOPs since we need to calculate the gradients with respect to both input and weight tensors"). The first layer's
input wants none. What is computed again in the backward pass counts again.

Bytes kept: a value stays from the forward to the backward pass if the step that made it or one that reads it says so
(`Op.keeps_output`, `Op.needs_input`), with what a step keeps beside (`Op.kept_bytes`). Of a segment that is computed
again only what enters it is kept (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost").
"""

from __future__ import annotations

from typing import Protocol

from archdsl.cost import Cost, Costs
from archdsl.devices.plan.flow import Flow, Flowing, Step
from archdsl.ir.graph import Declared, Layer, Node, Program
from archdsl.record import Record


class StepCost(Record):
    """Of one step for one microbatch; `state_bytes` and `trained_bytes` do not depend on it.

    kept_bytes: what lies in memory from its forward to its backward pass, results that others read included.
    sent_bytes: what a device sends to the others of its split, forward and backward.
    """

    flops: int
    state_bytes: int
    trained_bytes: int
    kept_bytes: int
    sent_bytes: int = 0


class Costed(Protocol):
    """The costs of a flow at one microbatch: a `StepCost` for each step, the bytes of each value, and whether its
    memory is needed until the backward pass."""

    steps: list[StepCost]

    def bytes(self, value: Flowing) -> int: ...

    def kept(self, value: Flowing) -> bool: ...


class Measured:
    """The costs of a flow that one device runs."""

    def __init__(self, flow: Flow, batch_name: str, microbatch: int) -> None:
        self._costs = Costs(at_batch(flow.program, batch_name, microbatch))
        self._nodes: dict[Node, Cost] = {}
        self._kept = {id(value.base) for step in flow.steps for value in _kept(step, flow)}
        self.steps = [self._step(step) for step in flow.steps]

    def bytes(self, value: Flowing) -> int:
        """The size of a value."""
        return self._costs.bytes(value.value.shape)

    def kept(self, value: Flowing) -> bool:
        """Whether its memory is needed until the backward pass."""
        return id(value.base) in self._kept

    def _step(self, step: Step) -> StepCost:
        node = step.node
        if node not in self._nodes:
            self._nodes[node] = self._costs.node(node)
        cost = self._nodes[node]
        trained = 0 if step.frozen else cost.trained_bytes
        results = {id(value.base): value for value in step.outputs if value.base.maker == value.maker}
        kept = sum(self.bytes(value) for value in results.values() if self.kept(value))
        if step.again is None and any(value.trained for value in step.outputs):
            kept += self._beside(step)
        return StepCost(cost.flops + self._backward(step, cost), cost.state_bytes, trained, kept)

    def _backward(self, step: Step, cost: Cost) -> int:
        """FLOPs of the backward pass."""
        if not any(value.trained for value in step.outputs):
            return 0
        factors = sum(value.trained for value in step.inputs) + step.learns
        again = cost.flops if step.again is not None else 0
        return min(2, factors) * cost.flops + again

    def _beside(self, step: Step) -> int:
        if isinstance(step.node, Declared):
            return 0
        shapes = [value.value.shape for value in step.inputs]
        sizes = tuple(self._costs.sizes(shape) for shape in shapes)
        return step.node.op.kept_bytes(sizes, self._costs.sizes(step.outputs[0].value.shape))


def _kept(step: Step, flow: Flow) -> list[Flowing]:
    """The values that a step needs for its backward pass, or to run again."""
    if not isinstance(step.node, Layer) or not any(value.trained for value in step.outputs):
        return []
    if step.again is not None:
        return [v for v in step.inputs if v.base.maker < 0 or flow.steps[v.base.maker].again != step.again]
    op = step.node.op
    return (step.inputs if op.needs_input() else []) + (step.outputs if op.keeps_output else [])


def at_batch(program: Program, batch_name: str, size: int) -> Program:
    """The program with another nominal size of its batch."""
    nominal = {**program.nominal, batch_name: size}
    return Program(program.title, program.graph, nominal, (), program.domain, program.source)
