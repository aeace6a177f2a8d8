"""Interface for a terminal, a pipe or a notebook: asks, calls `colorizer.runs` to do the work, and reports.

`command_line` reads flags and selects a command, such as `colorize`, `evaluate` or `train` (`decide` asks what a
training needs). All of them use `photos` and `model`; `messages` words their reports; `terminal` prints and reads.
"""
