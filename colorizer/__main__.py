"""`python -m colorizer`: the same as the command `colorize`."""

import sys

from colorizer.console.command_line import main

sys.exit(main())
