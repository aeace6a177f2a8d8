"""Colorize black-and-white photographs, or train a network that does.

Run `python colorize.py` and answer its questions, or `python colorize.py --help` for the flags that answer them.
"""

import sys

from colorizer.console.command_line import main

if __name__ == "__main__":
    sys.exit(main())
