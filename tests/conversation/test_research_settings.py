from colorizer.conversation.settings_file import RESEARCH_SETTINGS
from colorizer.settings import AdversarialSettings, ModelSettings, TrainingSettings


def test_the_default_that_is_shown_is_the_one_that_holds():
    tables = {"model": ModelSettings(), "settings": TrainingSettings(adversarial=AdversarialSettings())}
    for question in RESEARCH_SETTINGS:
        table, *names = question.setting.split(".")
        value = tables[table]
        for name in names:
            value = getattr(value, name)
        assert question.shown_default or question.parse(question.default) == value, question.setting
