"""A network on several devices of one process: a module for each device, and a thread that runs it.

    model = archdsl.load("alexnet.arch", devices=["cuda:0", "cuda:1"])
    model.gpus0, model.gpus1        # what each device has

All of it is one autograd graph: an exchange is `.to(device)` and `cat`, so gradients find their way back by themselves.
Between devices nothing moves but the input, what the spec says, and parameters that all use: the first device has them.
Each device also does what stands outside of splits, for itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from contextvars import copy_context
from itertools import count
from typing import Any

import torch
from torch import Tensor, nn

from archdsl.api import build
from archdsl.devices.error import refused
from archdsl.devices.local import Local, group_mesh, local
from archdsl.devices.local_ops import NotLocal
from archdsl.devices.noise import Drawing, noise
from archdsl.devices.sequences import prove
from archdsl.devices.transfers import linked
from archdsl.devices.weights import own_state, whole_state
from archdsl.errors.devices import CannotCut, NoDeviceGroup, OtherDeviceCount
from archdsl.ir.graph import Program
from archdsl.weights.origin import MARK, mark, origin_of


def on_devices(
    program: Program, devices: Sequence[torch.device | str], whole: Any, *, dtype: torch.dtype | None = None
) -> nn.Module:
    """A network on these devices, in the order of the spec's mesh. Raises `DevicesError`.

    whole: builds the network on one device, with its weights, on the CPU.
    """
    try:
        mesh = group_mesh(program)
        if mesh is None:
            raise refused(NoDeviceGroup(program.title), program)
        if len(devices) != mesh.size:
            found = f"{len(devices)} device{'' if len(devices) == 1 else 's'}"
            raise refused(OtherDeviceCount(found, str(mesh), mesh.size), program)
        prove(program, mesh)
        cuts = [local(program, number) for number in range(mesh.size)]
    except NotLocal as problem:
        raise refused(CannotCut(program.title, str(problem)), program) from None
    made: nn.Module = whole()
    state, origin = made.state_dict(), origin_of(made)
    drawn_next = torch.get_rng_state()
    parts = [build(cut.program) for cut in cuts]
    torch.set_rng_state(drawn_next)  # what follows is drawn as if the network were on one device
    for part, cut, device in zip(parts, cuts, devices):
        delattr(part, MARK)  # its tensors are not those that the spec speaks of
        part.load_state_dict(own_state(state, cut))
        part.to(device=device, dtype=dtype)
    module = OnDevices(parts, cuts, [torch.device(device) for device in devices], list(state))
    if origin is not None:
        mark(module, origin)
    return module


class OnDevices(nn.Module):
    """A network whose parts lie on several devices. Its `state_dict` is that of the network on one."""

    def __init__(
        self, parts: Sequence[nn.Module], cuts: Sequence[Local], devices: Sequence[torch.device], keys: Sequence[str]
    ) -> None:
        super().__init__()
        self.devices = tuple(devices)
        self._cuts = tuple(cuts)
        self._keys = tuple(keys)
        self._names = tuple(f"{cuts[0].mesh.name}{i}" for i in range(len(parts)))
        for name, part in zip(self._names, parts):
            self.add_module(name, part)
        for part, device in zip(parts[1:], devices[1:]):
            _borrow(parts[0], part, cuts[0], device)

    @property
    def parts(self) -> list[nn.Module]:
        """The devices' modules."""
        return [self.get_submodule(name) for name in self._names]

    def forward(self, *inputs: Tensor) -> Any:
        """The first device's result, which is what all others have as well."""
        meeting = _Meeting(self.devices)
        results: list[Any] = [None] * len(self.devices)

        def run(number: int) -> None:
            with meeting.of(number):
                results[number] = self.parts[number](*(x.to(self.devices[number]) for x in inputs))

        threads = [_thread(run, number) for number in range(1, len(self.devices))]
        run(0)
        for thread in threads:
            thread.join()
        if meeting.failed is not None:
            raise meeting.failed
        return results[0]

    def state_dict(self, *args: Any, destination: Any = None, prefix: str = "", keep_vars: bool = False) -> Any:
        """The whole network's tensors, on the first device."""
        states = [part.state_dict(keep_vars=keep_vars) for part in self.parts]
        whole = whole_state(states, self._cuts[0])
        found: dict[str, Any] = {} if destination is None else destination
        found.update((prefix + key, whole[key]) for key in self._keys)
        return found

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True, assign: bool = False) -> Any:
        """The whole network's tensors, from any device."""
        missing = [key for key in self._keys if key not in state_dict] if strict else []
        unexpected = [key for key in state_dict if key not in self._keys] if strict else []
        if missing or unexpected:
            raise RuntimeError(f"missing keys: {missing}; unexpected keys: {unexpected}")
        for part, cut in zip(self.parts, self._cuts):
            own = own_state({key: value for key, value in state_dict.items() if key in self._keys}, cut)
            part.load_state_dict({key: own[key] for key in part.state_dict() if key in own}, strict=strict)


def _thread(run: Callable[[int], None], number: int) -> threading.Thread:
    """A running thread that computes as this one does: gradients, inference, autocast and context variables."""
    context, grad, inference = copy_context(), torch.is_grad_enabled(), torch.is_inference_mode_enabled()
    autocast = [(kind, torch.get_autocast_dtype(kind)) for kind in ("cpu", "cuda") if torch.is_autocast_enabled(kind)]

    def target() -> None:
        with ExitStack() as stack:
            stack.enter_context(torch.inference_mode(inference))
            stack.enter_context(torch.set_grad_enabled(grad))
            for kind, dtype in autocast:
                stack.enter_context(torch.autocast(kind, dtype))
            context.run(run, number)

    thread = threading.Thread(target=target, name=f"archdsl device {number}", daemon=True)
    thread.start()
    return thread


class _Meeting:
    """Where the threads of one run meet. One that fails ends all others at their next exchange."""

    def __init__(self, devices: Sequence[torch.device]) -> None:
        self.devices = devices
        self.failed: BaseException | None = None
        self.draws = {device: _Draws() for device in devices}
        self._barrier = threading.Barrier(len(devices))
        self._values: list[Any] = [None] * len(devices)

    @contextmanager
    def of(self, number: int) -> Generator[None]:
        """What one thread does meanwhile."""
        try:
            with linked(_Thread(self, number)), self.draws[self.devices[number]].drawing():
                yield
        except threading.BrokenBarrierError:
            pass  # another one failed, and says why
        except BaseException as problem:
            self.failed = self.failed or problem
            self._barrier.abort()

    def all_values(self, number: int, value: Tensor) -> list[Tensor]:
        """Everyone's value, for which all wait."""
        self._values[number] = value
        self._barrier.wait()
        values = list(self._values)
        self._barrier.wait()  # none puts in its next value before all have seen this one
        return values


class _Thread:
    """One thread's link to the others: see `transfers.Link`."""

    watched = False
    differentiable = True

    def __init__(self, meeting: _Meeting, number: int) -> None:
        self.meeting = meeting
        self.index = number
        self.size = len(meeting.devices)

    def all_gather(self, x: Tensor, axis: int, sizes: Sequence[int]) -> Tensor:
        return torch.cat([part.to(x.device) for part in self.meeting.all_values(self.index, x)], axis)

    def tell(self, x: Tensor, device: int) -> Tensor:
        return self.meeting.all_values(self.index, x)[device].to(x.device)

    def sum_of_parts(self, x: Tensor, axis: int, sizes: Sequence[int]) -> Tensor:
        raise NotImplementedError("autograd does it")

    def sum(self, x: Tensor) -> Tensor:
        raise NotImplementedError("autograd does it")


class _Draws:
    """What dropouts on one device draw, each once: whoever comes first draws for all."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.noise: list[Tensor] = []

    def drawing(self) -> Drawing:
        """One thread's way through them. Threads that are on different devices draw alike, as each device has a
        generator of its own, and all are seeded alike."""
        turns = count()

        def drawn(drop: Any, x: Tensor, p: float) -> Tensor:
            turn = next(turns)
            with self.lock:
                if turn == len(self.noise):
                    self.noise.append(noise(drop, x, x.shape, p))
                return self.noise[turn]

        return Drawing(drawn)


def _borrow(owner: nn.Module, part: nn.Module, cut: Local, device: torch.device) -> None:
    """Have a part use the first one's parameters where it has all of a tensor; they are moved whenever it runs."""
    own = dict(owner.named_parameters(remove_duplicate=False))
    paths: list[str] = [path for path, _ in part.named_modules()]  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    for path in paths:
        module = part.get_submodule(path)
        lent: dict[str, nn.Parameter] = {}
        for name, _ in list(module.named_parameters(recurse=False)):
            key = f"{path}.{name}" if path else name
            if key in own and key not in cut.parts:
                lent[name] = own[key]
                delattr(module, name)
        if lent:
            borrowing = _Borrowing(lent, device)
            module.register_forward_pre_hook(borrowing.before)
            module.register_forward_hook(borrowing.behind, always_call=True)


class _Borrowing:
    def __init__(self, lent: Mapping[str, nn.Parameter], device: torch.device) -> None:
        self.lent = lent
        self.device = device

    def before(self, module: nn.Module, inputs: object) -> None:
        vars(module).update((name, parameter.to(self.device)) for name, parameter in self.lent.items())

    def behind(self, module: nn.Module, inputs: object, output: object) -> None:
        for name in self.lent:
            vars(module).pop(name, None)
