"""A file's tensors set beside a network's: what each key of the network is in the file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from archdsl.ir.graph import Program
from archdsl.ir.keys import Rename, below
from archdsl.reading import refusal
from archdsl.record import Record
from archdsl.state import tensors
from archdsl.weights.header import Stored, WeightFile, shortened
from archdsl.weights.origin import Origin, differences
from archdsl.weights.report import Misfit, Pair, Report, Wanted

COUNTER = "num_batches_tracked"
"""Files of before PyTorch 0.4.1 don't have it, and `load_state_dict` doesn't miss it either: it counts steps."""


class Choice(Record):
    """How strictly a file has to fit, as the user says.

    without: paths that are left as they are, in the network and in the file.
    strict:  whether everything else has to be in both.
    """

    without: tuple[str, ...] = ()
    strict: bool = True


def wanted(program: Program) -> list[Wanted]:
    """What a network wants from a file, in the order of its state dict."""
    return [Wanted(held.key, held.shape, held.dtype, held.tied) for held in tensors(program) if held.saved]


def renamed(file: WeightFile, network: Sequence[Wanted], rules: Iterable[Rename]) -> dict[str, str]:
    """The network's name for each key of the file. A key that the network has already is left as it is."""
    known = {tensor.key for tensor in network}
    rules = tuple(rules)
    names: dict[str, str] = {}
    for key in file.tensors:
        name = key
        for rule in () if key in known else rules:
            name = rule.apply(name)
        names[key] = name
    return names


def match(
    file: WeightFile,
    network: Sequence[Wanted],
    names: Mapping[str, str],
    choice: Choice,
    title: str,
    origin: Origin | None = None,
) -> Report:
    """What of a file fits a network.

    names:  the network's name for each key of the file.
    title:  what messages call the network.
    origin: its spec, to be compared with the one that the file carries.

    Raises:
        Refusal: two keys get one name, or `without` names nothing.
        Misfit:  what doesn't fit is more than the choice allows, or nothing fits.
    """
    stored = _by_name(file, names)
    _mind_choice(choice, network, stored, file)
    groups = _groups(network)
    pairs: list[Pair] = []
    missing: list[Wanted] = []
    mismatched: list[Pair] = []
    kept: list[Wanted] = []
    for tensor in network:
        if any(below(path, tensor.key) for path in choice.without):
            kept.append(tensor)
            continue
        found = next((stored[key] for key in groups[tensor.key] if key in stored), None)
        if found is None:
            (kept if _counter(tensor, pairs) else missing).append(tensor)
        elif found.shape == tensor.shape and convertible(found.dtype, tensor.dtype):
            pairs.append(Pair(tensor, found))
        else:
            mismatched.append(Pair(tensor, found))
    taken = {key for tensor in network for key in groups[tensor.key]}
    unused = [
        tensor
        for name, tensor in stored.items()
        if name not in taken and not any(below(path, name) or below(path, tensor.key) for path in choice.without)
    ]
    report = Report(
        path=file.path,
        network=title,
        loaded=tuple(pairs),
        missing=tuple(missing),
        mismatched=tuple(mismatched),
        unused=tuple(unused),
        kept=tuple(kept),
        differences=differences(file, origin),
    )
    return _judged(report, choice)


def convertible(found: str, needed: str) -> bool:
    """Whether numbers of one type can stand for those of another: equal types, or both floating point."""
    return found == needed or ("float" in found and "float" in needed)


def _judged(report: Report, choice: Choice) -> Report:
    from archdsl.errors.weights import NothingFits, WeightsDiffer

    if not report.loaded:
        raise Misfit(NothingFits(report.path, report.network), report)
    if choice.strict and not report.fits:
        raise Misfit(WeightsDiffer(report.path, report.network, report.counts()), report)
    return report


def _by_name(file: WeightFile, names: Mapping[str, str]) -> dict[str, Stored]:
    found: dict[str, Stored] = {}
    for key, tensor in file.tensors.items():
        name = names[key]
        if name in found:
            from archdsl.errors.weights import RenamedAlike

            alike = RenamedAlike(file.path, shortened(found[name].key), shortened(key), shortened(name))
            raise refusal(alike, file.path)
        found[name] = tensor
    return found


def _groups(network: Sequence[Wanted]) -> dict[str, tuple[str, ...]]:
    """For each key all names of its tensor, its own first: a file has a tied tensor once, under either, or twice."""
    members: dict[str, list[str]] = defaultdict(list)
    for tensor in network:
        members[tensor.tied or tensor.key].append(tensor.key)
    return {tensor.key: (tensor.key, *members[tensor.tied or tensor.key]) for tensor in network}


def _counter(tensor: Wanted, found: Sequence[Pair]) -> bool:
    """Whether a missing tensor is the counter of a module whose other tensors, which stand before it, were found."""
    module, _, leaf = tensor.key.rpartition(".")
    return leaf == COUNTER and bool(found) and found[-1].wanted.key.rpartition(".")[0] == module


def _mind_choice(choice: Choice, network: Sequence[Wanted], stored: Mapping[str, Stored], file: WeightFile) -> None:
    """Refuse a path that leaves nothing out: it is most likely misspelled."""
    keys = [*(tensor.key for tensor in network), *stored, *file.tensors]
    for path in choice.without:
        if not any(below(path, key) for key in keys):
            from archdsl.diagnostic import Help
            from archdsl.errors.suggest import closest
            from archdsl.errors.weights import NothingLeftOut

            modules = {key.rpartition(".")[0] for key in keys} | {key.split(".")[0] for key in keys}
            meant = closest(path, modules)
            helps = (Help(f"did you mean `{meant}`?"),) if meant else ()
            raise refusal(NothingLeftOut(path), file.path, *helps)
