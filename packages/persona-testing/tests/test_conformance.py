"""The kit finds what is wrong with engines that are broken on purpose, and says what to do."""

import re

import pytest

pytest_plugins = ["pytester"]

ENGINES = """
import asyncio, contextlib, subprocess, sys, time
from persona.core import (
    EngineSupport, PermissionOption, PermissionRequest, PersonaEngine, Requirement, TurnError
)

class Good(PersonaEngine):
    id = "good"
    async def reply(self, turn):
        for word in turn.text.split():
            yield word + " "

class Silent(Good):
    id = "silent"
    async def reply(self, turn):
        if False:
            yield ""

class Bytes(Good):
    id = "bytes"
    async def reply(self, turn):
        yield "text"
        yield b"bytes"

class BusyInit(Good):
    id = "busy-init"
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        subprocess.run([sys.executable, "-c", ""])

class NeedsArgument(Good):
    id = "needs-argument"
    def __init__(self, key, **kwargs):
        super().__init__(**kwargs)

class SlowSupport(Good):
    id = "slow-support"
    def support(self):
        time.sleep(0.4)
        return EngineSupport()

class VagueSupport(Good):
    id = "vague-support"
    def support(self):
        return EngineSupport(model="maybe", missing=(Requirement("a key", ""),))

class HeavySupport(Good):
    id = "heavy-support"
    def support(self):
        import tornado
        return EngineSupport()

class Deaf(Good):
    id = "deaf"
    async def reply(self, turn):
        yield "begun"
        if "Count" in turn.text:
            for _ in range(400):
                with contextlib.suppress(asyncio.CancelledError):
                    await asyncio.sleep(0.005)

class Shared(Good):
    id = "shared"
    log = []

class Leaky(Good):
    id = "leaky"
    async def start(self):
        self.task = asyncio.create_task(asyncio.sleep(3))

class FragileShutdown(Good):
    id = "fragile-shutdown"
    async def start(self):
        self.open = True
    async def shutdown(self):
        del self.open

class Raw(Good):
    id = "raw"
    async def reply(self, turn):
        if turn.model is None:
            raise KeyError("MY_KEY")
        yield "ok"

class Hidden(Good):
    id = "hidden"
    def apply_options(self, options):
        self.options = options

class Forgetful(Good):
    id = "forgetful"
    async def reply(self, turn):
        if turn.history:
            raise TurnError("Too much history.")
        yield "ok"

class Ascii(Good):
    id = "ascii"
    async def reply(self, turn):
        yield turn.message.text.encode("ascii").decode()

class Grabby(Good):
    id = "grabby"
    async def reply(self, turn):
        turn.context.skills_paths.append("mine")
        yield "ok"

class OneLife(Good):
    id = "one-life"
    over = False
    async def shutdown(self):
        self.over = True
    async def start(self):
        if self.over:
            raise TurnError("It is over.")

class Asking(Good):
    id = "asking"
    kinds = ("allow_once", "reject_once")
    async def reply(self, turn):
        if "ask" in turn.text:
            options = tuple(PermissionOption(kind, kind, kind) for kind in self.kinds)
            request = PermissionRequest("1", "work", options)
            yield request
            async for word in self.after(request):
                yield word
        yield "ok"
    async def after(self, request):
        yield str((await request.decision()).allowed)

class Mute(Asking):
    id = "mute"
    async def reply(self, turn):
        yield "ok"

class Entitled(Asking):
    id = "entitled"
    async def after(self, request):
        try:
            yield str((await request.decision()).allowed)
        finally:
            await asyncio.sleep(0.7)

class NoWay(Asking):
    id = "no-way"
    kinds = ("allow_always", "reject_once")

class Lost(Good):
    id = "lost"

class Renamed(Good):
    id = "renamed"
"""

EXPECTED: dict[str, dict[str, str]] = {
    "Good": {},
    "Silent": {
        "test_reply_yields_text_and_events": "yields no text",
        "test_reply_grows_in_the_chat": "The turn failed",
        "test_conversation_goes_on": "The turn failed",
        "test_any_script_is_understood": "The turn failed",
        "test_stop_ends_the_turn_and_the_next_works": "The turn failed",
        "test_restart_lets_the_next_turn_work": "The turn failed",
        "test_shutdown_leaves_nothing_running": "The turn failed",
        "test_instances_are_isolated": "",
        "test_blocks_can_be_replaced_between_and_in_turns": "The turn failed",
    },
    "Bytes": {
        "test_reply_yields_text_and_events": "Yield str or a ReplyEvent",
        "test_reply_grows_in_the_chat": "must yield str or ReplyEvent",
        "test_conversation_goes_on": "must yield",
        "test_any_script_is_understood": "must yield",
        "test_stop_ends_the_turn_and_the_next_works": "must yield",
        "test_restart_lets_the_next_turn_work": "must yield",
        "test_shutdown_leaves_nothing_running": "must yield",
        "test_instances_are_isolated": "",
        "test_blocks_can_be_replaced_between_and_in_turns": "must yield",
    },
    "BusyInit": {
        "test_init_does_nothing": "Do it in start()",
    },
    "SlowSupport": {"test_support_is_quick_and_has_no_effect": "look less far"},
    "VagueSupport": {"test_support_says_what_is_honoured": "use one of"},
    "HeavySupport": {"test_support_is_quick_and_has_no_effect": "find_spec"},
    "Deaf": {"test_stop_ends_the_turn_and_the_next_works": "Let CancelledError pass"},
    "Shared": {"test_state_is_not_kept_in_the_class": "Make it in __init__"},
    "Leaky": {"test_shutdown_leaves_nothing_running": "End and await them in shutdown()"},
    "FragileShutdown": {
        "test_shutdown_works_without_start_and_twice": "Release only what is there",
    },
    "Raw": {
        "test_failure_is_told_in_the_chat": "raise TurnError(summary",
    },
    "Hidden": {"test_support_says_what_is_honoured": "Say 'enforced'"},
    "Forgetful": {
        "test_conversation_goes_on": "Too much history",
        "test_stop_ends_the_turn_and_the_next_works": "Too much history",
        "test_restart_lets_the_next_turn_work": "Too much history",
        "test_instances_are_isolated": "Too much history",
        "test_blocks_can_be_replaced_between_and_in_turns": "Too much history",
    },
    "Ascii": {"test_any_script_is_understood": "UnicodeEncodeError"},
    "Grabby": {"test_reply_yields_text_and_events": "Copy what you want to change"},
    "OneLife": {"test_restart_lets_the_next_turn_work": "override it if start()"},
    "Asking": {},
    "Mute": {
        "test_stop_withdraws_what_was_asked_and_ends_the_turn": "did not ask",
        "test_turn_goes_on_when_permission_is_answered": "did not ask",
    },
    "Entitled": {
        "test_stop_withdraws_what_was_asked_and_ends_the_turn": "nobody will answer",
    },
    "NoWay": {"test_turn_goes_on_when_permission_is_answered": "to allow once"},
    "Lost": {"test_is_found_by_its_entry_point": 'lost = "my_engines:Lost"'},
    "Renamed": {"test_is_found_by_its_entry_point": "Correct the entry point"},
}
FEW = """
def pytest_collection_modifyitems(items):
    # A fresh process for each class takes its time; these are the ones that it is about.
    seen = ("Good", "BusyInit", "SlowSupport", "HeavySupport")
    items[:] = [i for i in items if "observed" not in i.fixturenames or i.cls.__name__[4:] in seen]
"""
ASKING = "    asking_prompt = 'ask me'\n"
MODEL = "    @pytest.fixture\n    def model(self):\n        return PersonaModel(model_id='a/b')\n"


@pytest.mark.slow
def test_each_broken_engine_is_found_and_told_what_to_do(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(my_engines=ENGINES)
    pytester.makeconftest(FEW)
    points = [f"{_id(name)} = my_engines:{name}" for name in EXPECTED if name != "Lost"]
    points = [p.replace(":Renamed", ":Good") for p in points]
    info = pytester.mkdir("my_engines-1.0.dist-info")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: my-engines\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("\n".join(["[persona.engines]", *points]))
    classes = "\n".join(
        f"class Test{name}(EngineConformance):\n    engine_class = my_engines.{name}\n"
        f"    stop_seconds = 0.5\n{MODEL if name == 'Raw' else ''}"
        f"{ASKING if name in ('Asking', 'Mute', 'Entitled', 'NoWay') else ''}"
        for name in EXPECTED
    )
    pytester.makepyfile(
        test_engines="import my_engines, pytest\nfrom persona.core import PersonaModel\n"
        f"from persona.testing.conformance import EngineConformance\n{classes}"
    )
    pytester.syspathinsert()
    result = pytester.runpytest_subprocess("-q", "--tb=short", "-p", "no:cacheprovider")
    output = result.stdout.str()
    failed: dict[str, set[str]] = {name: set() for name in EXPECTED}
    for name, test in re.findall(r"^FAILED \S+::Test(\w+)::(\w+)", output, re.MULTILINE):
        failed[name].add(test)
    assert failed == {name: set(tests) for name, tests in EXPECTED.items()}, output
    sections = re.split(r"^_+ Test(\w+)\.(\w+)(?:\[.*\])? _+$", output, flags=re.MULTILINE)
    told = {(n, t): body for n, t, body in zip(*[iter(sections[1:])] * 3, strict=True)}
    for name, tests in EXPECTED.items():
        for test, words in tests.items():
            assert words in told[name, test], (name, test, told[name, test])


def _id(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()


DEVIATIONS = {
    "Unknown": ("Good", "{'test_nothing': 'It is so because it is.'}"),
    "Bare": ("Good", "{'test_import_is_light': 'because'}"),
    "Outlived": ("Good", "{'test_class_follows_the_contract': 'This passes after all.'}"),
    "Unmade": ("NeedsArgument", "{}"),
}


def test_deviation_needs_a_reason_and_a_cause(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(my_engines=ENGINES)
    classes = "\n".join(
        f"class Test{name}(EngineConformance):\n    engine_class = my_engines.{engine}\n"
        f"    deviations = {deviations}\n"
        for name, (engine, deviations) in DEVIATIONS.items()
    )
    pytester.makepyfile(
        test_engines="import my_engines\n"
        f"from persona.testing.conformance import EngineConformance\n{classes}"
    )
    pytester.syspathinsert()
    chosen = "deviations or contract or (init and Unmade)"
    result = pytester.runpytest_subprocess("-q", "-k", chosen, "-p", "no:cacheprovider")
    result.stdout.fnmatch_lines_random(
        [
            "*'test_nothing', which is no test here. Remove or correct it.*",
            "*'test_import_is_light' has no reason. Write a sentence that says why.*",
            "*XPASS(strict)*This passes after all.*",
            "*cannot be made without arguments*support()'s answer.*",
        ]
    )
    result.assert_outcomes(passed=5, failed=4)
