"""Interface for a terminal, a pipe or a notebook: asks, calls `colorizer.runs` to do the work, and reports.

`command_line` reads flags and selects a command, such as `colorize`, `evaluate` or `train` (`decide` asks what a
training needs). All of them use `photos` and `model`; `terminal` prints and reads; `places` finds files and folders.
"""
