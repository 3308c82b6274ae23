"""`python -m archdsl.reference docs` writes the generated pages into a folder."""

from __future__ import annotations

import sys
from pathlib import Path

from archdsl.reference.pages import pages


def main(folder: str) -> None:
    for name, page in pages().items():
        Path(folder, name).write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
