"""Modules for ops that torch.nn has no class for: real code, which `emit/own.py` copies into what is emitted.

Nothing imports them but tests, which compare them with PyTorch. `OWN` in `emit/names.py` lists them.
"""
