"""Figures: from a checked graph to SVG, PNG, PDF and DOT."""
