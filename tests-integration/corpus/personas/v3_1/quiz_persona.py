from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import Enum

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults

COURSE = "Statistics"
NAME = f"{COURSE}-Quiz"


class Mood(Enum):
    CALM = "calm"
    STRICT = "strict"


@dataclass
class Question:
    text: str
    answers: list[str] = field(default_factory=list)
    mood: Mood = Mood.CALM


@dataclass(slots=True)
class Round:
    questions: list[Question]
    asked: int = 0

    def next(self) -> Question:
        self.asked += 1
        return random.choice(self.questions)


class QuizPersona(BasePersona):
    """Its name is an f-string, its state are dataclasses."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.round = Round([Question("What is a mean?", ["an average"], Mood.STRICT)])

    @property
    def defaults(self):
        return PersonaDefaults(
            name=NAME,
            description=f"Asks about {COURSE}",
            avatar_path="",
            system_prompt=f"You teach {COURSE}.",
        )

    async def process_message(self, message):
        question = self.round.next()
        self.send_message(f"{question.text} ({question.mood.value}, {self.round.asked}; @{NAME} hint)")
