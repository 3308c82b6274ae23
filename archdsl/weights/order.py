"""Which tensor of a file is which of a network, by shape and order, where names don't tell.

    file:     features.0: weight 64x3x3x3       network:  conv1: weight 64x3x3x3
              features.2: weight 64x64x3x3                conv2: weight 64x64x3x3
    gives     features.0.weight -> conv1.weight, features.2.weight -> conv2.weight

Modules are compared whole: by the names and shapes of their tensors. What can be read in two ways is refused.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from archdsl.ir.keys import below
from archdsl.reading import Refusal, refusal
from archdsl.weights.header import WeightFile, shortened, sizes
from archdsl.weights.match import COUNTER
from archdsl.weights.report import Wanted

Look = tuple[tuple[str, tuple[int, ...]], ...]
"""What modules are compared by: their tensors' names and shapes."""
Named = tuple[str, tuple[int, ...]]


def ordered(
    file: WeightFile, network: Sequence[Wanted], names: Mapping[str, str], without: Sequence[str] = ()
) -> dict[str, str]:
    """The network's name for each key of the file.

    names:   what the spec's rules make of the keys. Where a rule gives a name that the network has, that is settled.
    without: what is left out on both sides.

    Raises:
        Refusal: it is unclear which is which.
    """
    known = {tensor.key for tensor in network}
    settled = {_module(name) for key, name in names.items() if name != key and name in known}

    def open_(*keys: str) -> bool:
        return _module(keys[0]) not in settled and not any(below(path, key) for path in without for key in keys)

    there = _looks((names[key], tensor.shape) for key, tensor in file.tensors.items() if open_(names[key], key))
    here = _looks((tensor.key, tensor.shape) for tensor in network if not tensor.tied and open_(tensor.key))
    pairs: dict[str, str] = {}
    for look in dict.fromkeys((*here, *there)):
        stored = sorted(there.get(look, ()), key=_by_numbers)
        pairs.update(_paired(look, stored, here.get(look, []), file.path))
    _mind_order(pairs, [_module(tensor.key) for tensor in network], file.path)
    return {key: _moved(name, pairs) for key, name in names.items()}


def _module(key: str) -> str:
    return key.rpartition(".")[0]


def _moved(name: str, pairs: Mapping[str, str]) -> str:
    module, _, leaf = name.rpartition(".")
    return f"{pairs[module]}.{leaf}".lstrip(".") if module in pairs else name


def _looks(tensors: Iterable[Named]) -> dict[Look, list[str]]:
    """The modules of each look, in the order given."""
    modules: dict[str, list[Named]] = defaultdict(list)
    for key, shape in tensors:
        module, _, leaf = key.rpartition(".")
        if leaf != COUNTER:
            modules[module].append((leaf, shape))
    looks: dict[Look, list[str]] = defaultdict(list)
    for module, held in modules.items():
        looks[tuple(sorted(held))].append(module)
    return looks


def _by_numbers(name: str) -> list[tuple[int, str]]:
    """Sorts `features.10` behind `features.9`."""
    return [(int(piece), "") if piece.isdecimal() else (-1, piece) for piece in re.split("([0-9]{1,15})", name)]


def _form(name: str) -> str:
    """A name without its numbers: those of one form have an order."""
    return re.sub("[0-9]+", "#", name)


def _paired(look: Look, stored: list[str], modules: list[str], path: str) -> dict[str, str]:
    """Modules of the file, in the order of their numbers, with those of the network, which look the same."""
    if len(stored) != len(modules):
        what = f"the network has {_some(modules)} with {_shown(look)}, the file has {_some(stored)}"
        raise _unclear(path, what)
    if len({_form(name) for name in stored}) > 1:
        raise _unclear(path, f"{_named(stored)} all have {_shown(look)}, and their names have no order")
    return dict(zip(stored, modules))


def _mind_order(pairs: Mapping[str, str], registered: Sequence[str], path: str) -> None:
    """Refuse pairs of one form that cross: the layers of the file stand in another order, so it is another network."""
    place = {module: at for at, module in reversed(list(enumerate(registered)))}
    forms: dict[str, list[str]] = defaultdict(list)
    for name in sorted(pairs, key=_by_numbers):
        forms[_form(name)].append(name)
    for names in forms.values():
        for first, second in pairwise(names):
            if place[pairs[first]] > place[pairs[second]]:
                what = f"`{shortened(first)}` would be `{pairs[first]}`, and `{shortened(second)}` `{pairs[second]}`"
                raise _unclear(path, f"the layers stand in another order: by their shapes {what}")


def _unclear(path: str, why: str) -> Refusal:
    from archdsl.errors.weights import OrderUnclear

    return refusal(OrderUnclear(path, why), path)


def _shown(look: Look) -> str:
    return ", ".join(f"{shortened(leaf)} {sizes(shape)}" for leaf, shape in look[:4]) + (", ..." if look[4:] else "")


def _some(modules: list[str]) -> str:
    """`2 modules (a, b)`."""
    if not modules:
        return "none"
    return f"{len(modules):,} module{'s' if len(modules) > 1 else ''} ({_named(modules)})"


def _named(modules: list[str]) -> str:
    names = [f"`{shortened(module)}`" for module in modules[:4]]
    return ", ".join(names) + (", ..." if modules[4:] else "")
