"""Questions, answers and flags, declared once for all interfaces.

`question` defines a question; `questions`, `training_questions` and `research_settings` declare them. `conversation`
finds each answer: from a flag, the user or the default. `counts` and `training_settings` combine several answers;
`settings_file` reads some from a file; `flags` writes the page that lists all of them.
"""
