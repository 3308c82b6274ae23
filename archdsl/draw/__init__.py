"""Figures of networks, as papers print them: from the graph, without torch, never by tracing.

    Program  --outline-->  boxes of a level  --layout-->  Drawing  --dot-->  DOT text  --engine-->  svg, png, pdf

Everything up to the DOT text is pure and has one result for one spec. Sizes and positions are our own, from the metrics
of the font that is shipped; Graphviz renders what is pinned.
"""
