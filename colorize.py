"""Colorize black-and-white photographs, or train a network that does.

Run `python colorize.py` and answer its questions, or `python colorize.py --help` for the flags that answer them.
"""

from colorizer.console.command_line import leave

if __name__ == "__main__":
    leave()
