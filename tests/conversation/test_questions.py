from colorizer.conversation.questions import QUESTIONS


def test_every_default_is_an_answer_its_own_question_accepts():
    for question in QUESTIONS:
        if question.default is not None:
            question.parse(question.default)
