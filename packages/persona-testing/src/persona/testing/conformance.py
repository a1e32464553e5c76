"""The conformance kit for engines. Needs the extra `chat` (jupyterlab-chat).

Three lines make a test module::

    from persona.testing.conformance import EngineConformance

    class TestEcho(EngineConformance):
        engine_class = Echo

Every failure says what to do. Where an engine differs on purpose, `deviations` takes the
test's name and a written reason; the test must then fail, so that no reason outlives its
cause.
"""

from __future__ import annotations

from persona.testing._conformance.answers import AnswerSuite
from persona.testing._conformance.life import LifeSuite
from persona.testing._conformance.stops import StopSuite
from persona.testing._conformance.the_class import ClassSuite

__all__ = ["EngineConformance"]


# pytest runs the tests of the last base first.
class EngineConformance(LifeSuite, StopSuite, AnswerSuite, ClassSuite):
    """Tests that every engine must pass. Subclass it and give `engine_class`.

    Override the fixtures `engine`, `model`, `context` and `options` if the engine needs
    settings to answer in a test, for example the address of a scripted server; and
    `failing` to show a turn that fails.

    Attributes:
        engine_class: The engine.
        prompt: A message that the engine answers with some text.
        long_prompt: A message whose answer takes a while, to be stopped in the middle.
        asking_prompt: A message on which the engine asks for permission; None if it never asks.
        deviations: For each test that the engine fails on purpose, the reason.
        answer_seconds: How long an answer may take here.
        stop_seconds: How long the end of a stopped turn may take.
        support_seconds: How long `support` may take.
    """
