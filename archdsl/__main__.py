"""`python -m archdsl` is `archdsl`."""

from __future__ import annotations

import sys

from archdsl.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
