"""Questions, answers and flags: what can be asked, declared once for every driver.

`question` says what one is; `questions`, `training_questions` and `research_settings` declare them all.
`conversation` finds each answer: flag, person or default; `counts` and `training_settings` put some together;
`settings_file` reads some from a file; `flags` writes the page of them all.
"""
