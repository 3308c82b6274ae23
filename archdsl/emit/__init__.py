"""Back ends: a checked program in, text out."""

from __future__ import annotations

from archdsl.emit.pytorch import digest, emit, network_class

__all__ = ["digest", "emit", "network_class"]
