"""What each file of the corpus does when its persona is mentioned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
PERSONAS = FOLDER / "personas"


@dataclass(frozen=True, slots=True)
class Case:
    """One message and what comes of it.

    Attributes:
        file: The file, from the folder of its version on.
        name: What is mentioned.
        say: What is written behind the mention.
        expect: Patterns; each is found in a finished message of the chat.
        never: Texts that stand in no message.
        attach: A file of the server's root that is sent along.
        made: A file that is there afterwards, and what it holds.
    """

    file: str
    name: str
    say: str
    expect: tuple[str, ...]
    never: tuple[str, ...] = ("Traceback", "never said")
    attach: str = ""
    made: tuple[str, str] | None = None

    @property
    def chat(self) -> str:
        """Its chat. Files that cannot be read are in a project of their own."""
        folder = "odd" if self.file.startswith("odd/") else "chats"
        return f"{folder}/{self.name.lower()}.chat"

    def __str__(self) -> str:
        return f"{self.file.removesuffix('_persona.py')}-{self.name}"


_TOLD = r"<details>|<summary>"
"""What folds a traceback."""

CASES = (
    # Jupyter AI 3.0
    Case("v3_0/echo_persona.py", "Echo", "hi there", (r"^You said: @Echo hi there$",)),
    Case("v3_0/fixed_persona.py", "Fixed", "who?", (r"^Fixed / You are fixed\., avatar True$",)),
    Case("v3_0/ychat_persona.py", "Counting", "go", (r"^turn 1, messages 1, same True$",)),
    Case("v3_0/awareness_persona.py", "Aware", "count", (r"^one two three$",)),
    Case("v3_0/streaming_persona.py", "Streaming", "count", (r"^1 2 3 4 5 done$",)),
    Case("v3_0/litellm_persona.py", "Direct", "x", (r"^echo: direct question$",)),
    Case("v3_0/once_persona.py", "Once", "x", (r"^echo: asked once$",)),
    Case("v3_0/settings_persona.py", "Settings", "x", (r"^/user/x/ same=True model=",)),
    Case(
        "v3_0/manager_persona.py",
        "Manager",
        "x",
        (r"^loops True, root project, folder chats, room True$",),
    ),
    Case(
        "v3_0/folders_persona.py",
        "Folders",
        "x",
        (
            r"(?s)^- chat: chats\n- workspace: chats\n- dotjupyter: \.jupyter\n"
            r"- path: chats/folders\.chat\n- absolute: True$",
        ),
    ),
    Case(
        "v3_0/needs_import_persona.py",
        "Needs-Program",
        "hello",
        (r"no-such-program-anywhere.* to be installed",),
    ),
    Case(
        "v3_0/needs_init_persona.py",
        "Needs-Token",
        "hello",
        (r"Set CORPUS.*TOKEN.* first",),
    ),
    Case("v3_0/submodules_persona.py", "Submodules", "x", (r"^from people: 1; me: True$",)),
    Case(
        "v3_0/typed_persona.py",
        "Typed",
        "New linear algebra",
        (r"^command=new rest=linear algebra$",),
    ),
    Case("v3_0/closing_persona.py", "Closing", "x", (r"^open$",)),
    Case(
        "v3_0/people_persona.py",
        "People",
        "x",
        (r"^hello True, I am @People, bot True, known True, dict People$",),
    ),
    Case("v3_0/memory_persona.py", "Memory", "x", (r"^asked 1 time\(s\)$",)),
    Case(
        "v3_0/attachments_persona.py",
        "Attachments",
        "read it",
        (r"(?s)^1 file\(s\), 1 stored:.*the attached text",),
        attach="notes.txt",
    ),
    Case("v3_0/early_persona.py", "Early", "x", (r"^early$",)),
    # 3.1
    Case(
        "v3_1/servers_persona.py",
        "Servers",
        "x",
        (
            r"http docs http://127\.0\.0\.1:9/mcp algebra",
            r"stdio local no-such-server \['--x'\] \{'A': 'b'\}",
        ),
    ),
    Case(
        "v3_1/models_persona.py",
        "Models",
        "x",
        (
            r"model small, settings \{'tone': 'kind'\}, options \['small', 'large'\], "
            r"tokens 10\+5, commands \['/compact'\]",
        ),
    ),
    Case("v3_1/apology_persona.py", "Apology", "x", (r"^I am sorry: .*the archive is closed",)),
    Case("v3_1/course_persona.py", "Course", "what is a mean?", (r"^echo: .*what is a mean\?",)),
    Case("v3_1/toolbox_persona.py", "Toolbox", "use a tool", (r"^HELLO!! and 3$",)),
    Case("v3_1/agent_persona.py", "Agent", "are you there?", (r"^the agent answers$",)),
    Case(
        "v3_1/login_agent_persona.py",
        "Login-Agent",
        "x",
        (r"^Please run `agent login` in a terminal\.$",),
        ("the agent answers",),
    ),
    Case("v3_1/family_persona.py", "Cat", "x", (r"^Cat says meow$",)),
    Case("v3_1/family_persona.py", "Dog", "x", (r"^Dog says woof$",)),
    Case("v3_1/helped_persona.py", "Helped", "x", (r"^Hello you! en Emma, Walden late$",)),
    Case(
        "v3_1/scaffold_persona.py",
        "Scaffold",
        "new Linear Maps",
        (r"^Made \[linear-maps\.ipynb\]\(linear-maps\.ipynb\)\.$",),
        made=("linear-maps.ipynb", "TOPIC = 'Linear Maps'"),
    ),
    Case(
        "v3_1/quiz_persona.py",
        "Statistics-Quiz",
        "x",
        (r"^What is a mean\? \(strict, 1; @Statistics-Quiz hint\)$",),
    ),
    Case("v3_1/chunks_persona.py", "Chunks", "x", (r"^from chunks and text$",)),
    Case("v3_1/goodbye_persona.py", "Goodbye", "x", (r"^here$",)),
    Case("v3_1/chat_model_persona.py", "Chat-Model", "help", (r"^There is no help\.$",)),
    Case("v3_1/chat_model_persona.py", "Chat-Model", "why?", (r"^echo: langchain: why\?$",)),
    Case(
        "v3_1/background_persona.py",
        "Background",
        "go on",
        (r"^later: @Background go on$", r"^with Python$"),
    ),
    Case("v3_1/assets_persona.py", "Assets", "x", (r"^goose\.svg True True$",)),
    # 3.2
    Case(
        "v3_2/echo_persona.py",
        "Second-Echo",
        "hi",
        (r"^second echo in chats/second-echo\.chat: @Second-Echo hi$",),
    ),
    Case("v3_2/shim_persona.py", "Shim", "x", (r"^shim True chats/shim\.chat$",)),
    Case("v3_2/status_persona.py", "Status", "x", (r"^slept$",)),
    Case("v3_2/state_persona.py", "State", "x", (r"^m 7 /x True$",)),
    Case("v3_2/prepare_persona.py", "Prepared", "x", (r"^prepared 1, for this True$",)),
    Case("v3_2/locked_persona.py", "Locked", "x", (r"^Sign in first, please\.$",)),
    Case(
        "v3_2/unlocked_persona.py",
        "Unlocked",
        "x",
        (r"^waiting for the login$", r"^signed in after \d+ checks: True$"),
    ),
    Case("v3_2/on_message_persona.py", "Watchful", "a secret", (r"^I do not answer that\.$",)),
    Case("v3_2/on_message_persona.py", "Watchful", "hello", (r"^answered$",)),
    Case("v3_2/traits_persona.py", "Traits", "x", (r"^Howdy Howdy \(here\)$",)),
    Case("v3_2/forward_persona.py", "Forward", "x", (r"^Let us ask\.", r"^Cat says meow$")),
    Case("v3_2/jupyternaut_persona.py", "Mentor", "help", (r"^echo: .*a better question",)),
    Case("v3_2/own_agent_persona.py", "Own-Agent", "x", (r"(?i)langchain",), ("never said",)),
    Case("v3_2/env_agent_persona.py", "Env-Agent", "x", (r"^the agent answers$",)),
    Case(
        "v3_2/toolkits_persona.py",
        "Toolkits",
        "x",
        (r"toolkits\.notebook of Jupyter AI is not supported",),
        (),
    ),
    Case(
        "v3_2/manager_class_persona.py",
        "Managed",
        "x",
        (r"^True \['Managed'\]$", r"^from the system$"),
    ),
    # Written for personas
    Case("own/native_persona.py", "Native", "hi", (r"^hi, before 0, at /user/x/$",)),
    Case("second.persona.md", "Second-Native", "hi", (r"^hi, before 0, at /user/x/$",)),
    Case("own/talker_persona.py", "Talker", "hi", (r"^echo: .*hi$",)),
    Case("own/engine_persona.py", "Shouter", "hi there", (r"^HI THERE$",)),
    Case("own/yields_persona.py", "Yields", "x", (r"^one after the other$",)),
    # Files that fail: one line, and the traceback folded
    Case(
        "odd/raises_persona.py",
        "Raises",
        "x",
        (r"^before$", rf"(?s)a key that is not there.*(?:{_TOLD}).*Traceback"),
        (),
    ),
    Case(
        "odd/half_persona.py",
        "Half",
        "x",
        (r"^half of it", rf"(?s)the line was cut.*(?:{_TOLD}).*Traceback"),
        (),
    ),
    Case(
        "odd/missing_package_persona.py",
        "Missing",
        "x",
        (rf"(?s)a_package_that_nobody_has.*(?:{_TOLD})",),
        (),
    ),
    Case("odd/interrupt_persona.py", "Interrupt", "x", (rf"(?s)as if by hand.*(?:{_TOLD})",), ()),
    Case("odd/syntax_persona.py", "Syntax", "x", (r"syntax_persona\.py.*not valid Python",), ()),
    Case("odd/bad_init_persona.py", "Bad-Init", "x", (rf"(?s)nothing.*(?:{_TOLD})",), ()),
    Case(
        "odd/bad_defaults_persona.py",
        "Bad-Defaults",
        "x",
        (rf"(?s)defaults cannot be told.*(?:{_TOLD})",),
        ("never said",),
    ),
    Case(
        "odd/blocking_persona.py",
        "Blocking",
        "x",
        (r"^awake again$", r"(?s)blocking.*persona\.py.*asyncio\.to_thread"),
    ),
    Case("odd/silent_persona.py", "Silent", "please speak", (r"^I can speak$",)),
    Case(
        "odd/two_messages_persona.py",
        "Talkative",
        "x",
        (r"^first of all$", r"^then streamed, corrected$", r"^and last, 2 before$"),
    ),
    # From elsewhere
    Case("../user/personal_persona.py", "Personal", "x", (r"^yours$",)),
    Case("../package/corpus_packaged.py", "Packaged", "x", (r"^from corpus_packaged$",)),
)

OWN_TESTS = frozenset({"v3_1/cancel_persona.py"})
"""Files with a test of their own."""
