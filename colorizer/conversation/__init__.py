"""Questions, answers and flags, declared once for all interfaces.

`question` defines a question; `questions` declares them. `conversation` finds each answer: from a flag, the user or the
default. `settings_file` builds the settings of a training from answers or a file; `flags` writes the page that lists
all flags.
"""
