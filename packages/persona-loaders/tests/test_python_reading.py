"""Persona files in Python are read without being run."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from persona.core import Catalog, EngineRegistry, LoadResult, Location, PersonaDefinition, Scope
from persona.loaders import PYTHON, load_python

IMPORT = "from persona.core import BasePersona, PersonaDefaults\n"
TRAP = "open({mark!r}, 'w').write('run')\n"


@pytest.fixture
def read(tmp_path: Path) -> Callable[..., LoadResult]:
    """Write a Python file and read it."""

    def write_and_read(text: str | bytes, name: str = "my_persona.py") -> LoadResult:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_python(path, Scope.USER)

    return write_and_read


@pytest.fixture
def one(read: Callable[..., LoadResult]) -> Callable[..., PersonaDefinition]:
    """Read a file that declares one persona: that one."""

    def read_one(text: str, name: str = "my_persona.py") -> PersonaDefinition:
        result = read(text, name)
        assert result.diagnostics == ()
        (definition,) = result.definitions
        return definition

    return read_one


@pytest.mark.parametrize(
    ("name", "claimed"),
    [
        ("my_persona.py", True),
        ("Persona.py", True),
        ("mypersonas.py", True),
        ("_my_persona.py", False),
        (".my_persona.py", False),
        ("tutor.py", False),
        ("my_persona.pyc", False),
        ("my_persona.py.bak", False),
    ],
)
def test_files_are_claimed_by_name(name: str, claimed: bool) -> None:
    assert PYTHON.claims(name) is claimed


def test_nothing_is_run_when_a_file_is_read(
    one: Callable[..., PersonaDefinition], tmp_path: Path
) -> None:
    mark = tmp_path / "mark"
    definition = one(
        TRAP.format(mark=str(mark))
        + IMPORT
        + "class Evil(BasePersona):\n"
        + f"    x = {TRAP.format(mark=str(mark))}"
        + "    defaults = PersonaDefaults(name='Evil', description=str(open('/nowhere')))\n"
    )
    assert definition.identity.name == "Evil"
    assert not mark.exists()
    assert not list(tmp_path.rglob("__pycache__"))


def test_defaults_are_known_with_their_places(one: Callable[..., PersonaDefinition]) -> None:
    text = IMPORT + (
        "class TutorPersona(BasePersona):\n"
        "    @property\n"
        "    def defaults(self) -> PersonaDefaults:\n"
        "        return PersonaDefaults(\n"
        "            name='The Tutor',\n"
        "            description='Teaches',\n"
        "            avatar_path='tutor.svg',\n"
        "            system_prompt='You teach.',\n"
        "            model_uid='ollama:llama3',\n"
        "        )\n"
    )
    definition = one(text)
    assert (definition.name, definition.engine) == ("the-tutor", "python")
    assert definition.identity.name == "The Tutor"
    assert definition.identity.description == "Teaches"
    assert definition.identity.avatar == "tutor.svg"
    assert definition.context.system_prompt == "You teach."
    assert definition.model is not None
    assert definition.model.model_id == "ollama/llama3"
    assert definition.origins["identity.name"].line == 6
    code = definition.code
    assert code is not None
    assert (code.qualname, code.kind, code.complete) == ("TutorPersona", "persona", True)
    assert code.sha256 == sha256(text.encode()).hexdigest()


@pytest.mark.parametrize(
    "body",
    [
        "    defaults = PersonaDefaults(name='Ada', description='d')\n",
        "    defaults: PersonaDefaults = PersonaDefaults(name='Ada', description='d')\n",
        "    defaults = {'name': 'Ada', 'description': 'd'}\n",
        "    defaults = PersonaDefaults(**{'name': 'Ada'}, name='Ada', description='d')\n",
        "    def defaults(self):\n        name = NAME\n"
        "        return PersonaDefaults(name=name, description='d')\n",
        "    TITLE = NAME\n    @property\n    def defaults(self):\n"
        "        return PersonaDefaults(name=self.TITLE, description=f'{\"d\"}')\n",
        "    defaults = PersonaDefaults(name='A' + 'da', description='d'.strip())\n",
    ],
)
def test_defaults_are_read_in_each_form(one: Callable[..., PersonaDefinition], body: str) -> None:
    definition = one(IMPORT + "NAME = 'Ada'\n" + f"class A(BasePersona):\n{body}")
    assert (definition.name, definition.identity.name) == ("ada", "Ada")
    assert definition.identity.description == "d"


@pytest.mark.parametrize(
    "path",
    [
        "os.path.join(os.path.dirname(__file__), 'static', 'a.svg')",
        "str(Path(__file__).parent / 'static' / 'a.svg')",
        "str(Path(__file__).resolve().parent.joinpath('static', 'a.svg'))",
        "os.path.abspath(os.path.join(os.path.dirname(__file__), 'x', '..', 'static', 'a.svg'))",
        "'static/a.svg'",
    ],
)
def test_avatars_beside_the_file_are_found(
    one: Callable[..., PersonaDefinition], path: str
) -> None:
    head = "import os\nfrom pathlib import Path\n" + IMPORT
    definition = one(
        f"{head}AVATAR = {path}\n"
        "class A(BasePersona):\n    defaults = PersonaDefaults(name='A', avatar_path=AVATAR)\n"
    )
    assert definition.identity.avatar == "static/a.svg"
    assert definition.code is not None
    assert definition.code.complete


@pytest.mark.parametrize(
    ("imported", "base"),
    [
        ("from jupyter_ai_persona_manager import BasePersona", "BasePersona"),
        ("import jupyter_ai_persona_manager as m", "m.BasePersona"),
        ("import jupyter_ai_persona_manager.x", "jupyter_ai_persona_manager.x.BasePersona"),
        ("from jupyter_ai_persona_manager.base_persona import BasePersona as B", "B"),
        ("from jupyter_ai_jupyternaut.jupyternaut.jupyternaut import JupyternautPersona as J", "J"),
        ("from jupyter_ai_acp_client.base_acp_persona import BaseAcpPersona", "BaseAcpPersona"),
        ("try:\n    from a import BasePersona as B\nexcept ImportError:\n    B = object", "B"),
        ("from course_lib import CoursePersona", "CoursePersona"),
    ],
)  # fmt: skip
def test_bases_are_recognised(
    one: Callable[..., PersonaDefinition], imported: str, base: str
) -> None:
    definition = one(f"{imported}\nclass MyCourse({base}):\n    defaults = {{'name': 'C'}}\n")
    assert definition.identity.name == "C"


def test_names_come_from_the_class_where_none_can_be_read(
    one: Callable[..., PersonaDefinition],
) -> None:
    definition = one(
        IMPORT + "class MyGreatPersona(BasePersona):\n"
        "    @property\n    def defaults(self):\n"
        "        return PersonaDefaults(name=make())\n"
    )
    assert (definition.name, definition.identity.name) == ("my-great", "My Great")
    assert definition.code is not None
    assert not definition.code.complete


def test_several_classes_are_several_personas(read: Callable[..., LoadResult]) -> None:
    result = read(
        IMPORT + "from abc import ABC, abstractmethod\n"
        "class Course(BasePersona):\n    pass\n"
        "class _Hidden(BasePersona):\n    pass\n"
        "class Rules(BasePersona, ABC):\n    pass\n"
        "class One(Course):\n    defaults = {'name': 'One'}\n"
        "class Two(Course):\n    defaults = {'name': 'Two'}\n"
        "class Two2(Course):\n    defaults = {'name': 'Two'}\n"
        "class Helper:\n    pass\n"
    )
    assert [d.name for d in result.definitions] == ["one", "two", "two-two2"]


def test_engines_with_an_identity_are_personas(read: Callable[..., LoadResult]) -> None:
    result = read(
        "from persona.core import PersonaEngine, PersonaIdentity\n"
        "class Echo(PersonaEngine):\n    id = 'echo'\n"
        "    identity = PersonaIdentity(name='Echo', description='says it again', avatar='🔊')\n"
        "class Other(PersonaEngine):\n    id = 'other'\n"
    )
    (definition,) = result.definitions
    assert (definition.name, definition.identity.avatar) == ("echo", "🔊")
    assert definition.code is not None
    assert definition.code.kind == "engine"


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("class A(\n  x\n", "P110", 1),
        ("x = 1\nclass A:\n    def f(self)\n", "P110", 3),
        (b"x = '\xff'", "P102", 1),
        (b"x = 1\x00", "P102", 1),
        ("", "P103", 1),
        ("(" * 5000, "P110", 1),
        ("x = " + "-" * 100_000 + "1", "P110", 1),
        ("x = " + "1+" * 100_000 + "1", "P110", 1),
        ("x" * 1_100_000, "P108", 1),
    ],
)
def test_what_is_no_python_is_told_with_its_line(
    read: Callable[..., LoadResult], text: str | bytes, code: str, line: int
) -> None:
    result = read(text)
    assert result.definitions == ()
    (found,) = result.diagnostics
    assert (found.code, found.line, found.severity) == (code, line, "error")
    assert found.fix


def test_a_file_without_personas_is_a_warning(read: Callable[..., LoadResult]) -> None:
    (found,) = read("x = 1\n").diagnostics
    assert (found.code, found.severity) == ("P111", "warning")
    assert read("x = 1\n", "test_my_persona.py").diagnostics == ()


def test_endless_names_cost_nothing(one: Callable[..., PersonaDefinition]) -> None:
    doubled = "a0 = 'x' * 1\n" + "".join(f"a{n} = a{n - 1} + a{n - 1}\n" for n in range(1, 60))
    definition = one(
        IMPORT
        + "a0 = 'x'\n"
        + doubled.replace("a0 = 'x' * 1\n", "")
        + "b = b + b\nclass A(BasePersona):\n"
        "    defaults = PersonaDefaults(name='A', description=a59, system_prompt=b)\n"
    )
    assert definition.identity.description is None
    assert definition.context.system_prompt is None


def test_files_beside_it_belong_to_its_code(
    read: Callable[..., LoadResult], tmp_path: Path
) -> None:
    (tmp_path / "helper.py").write_text("import deeper\nfrom . import third\n")
    (tmp_path / "deeper.py").write_text("import json\n")
    (tmp_path / "third.py").write_text("")
    (tmp_path / "json.py").write_text("raise SystemExit\n")
    (tmp_path / "other.py").write_text("")
    result = read(
        IMPORT + "import json\nclass A(BasePersona):\n    defaults = {'name': 'A'}\n"
        "    def f(self):\n        from helper import x\n"
    )
    code = result.definitions[0].code
    assert code is not None
    assert sorted(code.modules) == ["deeper", "helper", "third"]
    assert len(code.files) == 4


def test_catalog_reads_again_when_a_file_beside_it_changes(tmp_path: Path) -> None:
    folder = tmp_path / "personas"
    (folder / "mine").mkdir(parents=True)
    (folder / "mine" / "a_persona.py").write_text(
        IMPORT + "import helper\nclass A(BasePersona):\n    defaults = {'name': 'A'}\n"
    )
    helper = folder / "mine" / "helper.py"
    helper.write_text("x = 1\n")
    catalog = Catalog(
        loaders=[PYTHON],
        registry=EngineRegistry(),
        locations=[Location(folder, Scope.USER, folder)],
    )
    before = catalog.view(tmp_path).personas["a"]
    assert catalog.view(tmp_path).personas["a"] is before
    helper.write_text("x = 22\n")
    after = catalog.view(tmp_path).personas["a"]
    assert before.code is not None
    assert after.code is not None
    assert before.code.sha256 == after.code.sha256
    assert before.code != after.code


def test_files_are_found_in_the_folder_and_one_deep(tmp_path: Path) -> None:
    folder = tmp_path / ".jupyter" / "personas"
    for place, name in (("", "One"), ("", "Persona"), ("deep", "Two"), ("deep/er", "Three")):
        path = folder / place / f"{name.lower()}_persona.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            IMPORT + f"class {name}(BasePersona):\n    defaults = {{'name': '{name}'}}\n"
        )
    (folder / "persona.py").write_text(
        IMPORT + "class Four(BasePersona):\n    defaults = {'name': 'Four'}\n"
    )
    catalog = Catalog(loaders=[PYTHON], registry=EngineRegistry(), locations=[])
    found = catalog.view(tmp_path).personas
    assert sorted(found) == ["four", "one", "persona", "two"]
    assert {d.source.scope for d in found.values() if d.source} == {Scope.PROJECT}
