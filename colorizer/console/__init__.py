"""The driver for a terminal, a pipe or a notebook: asks, lets `colorizer.runs` do the work, and tells.

`command_line` reads flags and chooses a journey: `colorize`, `evaluate` or `train` (`decide` asks what a training
needs). `photos` and `model` are asked by all of them; `terminal` prints and reads; `places` knows where things lie.
"""
