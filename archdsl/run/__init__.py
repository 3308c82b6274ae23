"""Training on one device or several, by the layout that a spec states: `torchrun ... -m archdsl.run SPEC`."""
