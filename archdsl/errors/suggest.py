"""Did you mean ...?"""

from __future__ import annotations

from collections.abc import Iterable


def closest(word: str, known: Iterable[str]) -> str | None:
    """The known word that was most likely meant, None if none is near."""
    from difflib import get_close_matches

    candidates = sorted(set(known))
    folded = {name.lower().replace("_", ""): name for name in reversed(candidates)}
    matches = get_close_matches(word.lower().replace("_", ""), folded, n=1, cutoff=0.7)
    return folded[matches[0]] if matches else None
