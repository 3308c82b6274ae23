"""`python -m archdsl.reference docs` writes the generated pages into a folder: what comes from docstrings, and the
gallery of the `specs/` beside it, with the results in `docs/parity.json` and the diagrams in `docs/gallery/`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from archdsl.reference.families import families
from archdsl.reference.gallery import gallery
from archdsl.reference.pages import pages


def main(folder: str) -> None:
    docs = Path(folder)
    for name, page in (pages() | gallery_pages(docs)).items():
        path = docs / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(page, encoding="utf-8")


def gallery_pages(docs: Path) -> dict[str, str]:
    """The gallery, from what lies in the folder and beside it."""
    parity = docs / "parity.json"
    results: list[dict[str, Any]] = json.loads(parity.read_text(encoding="utf-8")) if parity.exists() else []
    return gallery(families(docs.parent / "specs"), results, {file.stem for file in (docs / "gallery").glob("*.svg")})


if __name__ == "__main__":
    main(*sys.argv[1:])
