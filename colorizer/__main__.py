"""`python -m colorizer`: the same as the command `colorize`."""

from colorizer.console.command_line import leave

leave()
