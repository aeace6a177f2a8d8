"""Why a model file is not opened."""


class Suspicious(Exception):
    """What is found in a file that Keras must not open; its text ends the sentence "it is refused: ...".

    Only `screening.screen` meets it, and makes it a ColorizeError that names the file.
    """
