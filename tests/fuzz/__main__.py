"""`make fuzz`: damaged specs until it is stopped or something breaks, which it prints with its seed.

python -m tests.fuzz [SECONDS] [FIRST SEED]
"""

from __future__ import annotations

import sys
import traceback
from collections import Counter
from pathlib import Path
from random import Random
from time import monotonic

from tests.fuzz.mutate import mutate, soup
from tests.fuzz.properties import answer
from tests.test_cases import ALL

SPECS = [path.read_text(encoding="utf-8") for path in (Path(__file__).parents[2] / "specs").glob("*.arch")]
TEXTS = [*(case.spec.text for case in ALL), *SPECS]


def text(seed: int) -> str:
    random = Random(seed)
    return soup(random) if random.random() < 0.05 else mutate(random.choice(TEXTS), random)


def main(seconds: float = float("inf"), seed: int = 0) -> int:
    end = monotonic() + seconds
    codes: Counter[str] = Counter()
    done = 0
    while monotonic() < end:
        spec = text(seed + done)
        try:
            codes.update(answer(spec))
        except Exception:
            print(f"seed {seed + done}:\n{spec}\n")
            traceback.print_exc()
            return 1
        done += 1
        if done % 1_000 == 0:
            print(f"{done:,} texts, {len(codes)} kinds of diagnostics", flush=True)
    print(f"{done:,} texts, nothing broke: {dict(codes.most_common())}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2]), *map(int, sys.argv[2:3])))
