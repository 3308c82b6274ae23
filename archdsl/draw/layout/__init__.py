"""Where everything lies. Lengths are points along two directions, whichever way the figure runs: `m` along the main
axis, with the flow, and `c` across it. `page.py` turns them into x and y at the end.

Each frame is laid out on its own: its parts in a row along a straight axis at c = 0, what runs side by side in a fork,
and every other wire around them in a lane of its own at one side. So no line can meet a box.
"""
