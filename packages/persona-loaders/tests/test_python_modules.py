"""Python files are imported with what was read, and leave no traces."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from importlib.util import find_spec
from pathlib import Path

import pytest
from traitlets.config import Config, LoggingConfigurable

from persona.core import CodeReference, Scope, TurnError
from persona.loaders import load_python
from persona.loaders.python._store import ModuleStore

BASE = "from persona.core import BasePersona\nclass A(BasePersona):\n    defaults = {'name': 'A'}\n"


@pytest.fixture
def code(tmp_path: Path) -> Callable[..., CodeReference]:
    """Write files and read the first: the code of its persona."""

    def write(text: str, name: str = "a_persona.py", **beside: str) -> CodeReference:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text + BASE)
        for module, content in beside.items():
            file = path.parent / f"{module.replace('_in_', '/')}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
        found = load_python(path, Scope.USER).definitions[0].code
        assert found is not None
        return found

    return write


@pytest.fixture
async def store() -> AsyncIterator[ModuleStore]:
    store = ModuleStore()
    yield store
    await store.close()


def test_modules_have_names_of_their_own(
    code: Callable[..., CodeReference], store: ModuleStore
) -> None:
    one = store.load(code("x = 1\n", "one/a_persona.py"))
    two = store.load(code("x = 2\n", "two/a_persona.py"))
    assert (one.x, two.x) == (1, 2)
    assert one.__name__ != two.__name__
    assert sys.modules[one.A.__module__] is one
    assert "a_persona" not in sys.modules


async def test_import_leaves_no_traces(
    code: Callable[..., CodeReference], store: ModuleStore, tmp_path: Path
) -> None:
    path, known = list(sys.path), set(sys.modules)
    module = await store.imported(code("import helper\n", helper="y = 3\n"))
    assert module.helper.y == 3
    assert sys.path == path
    new = {name.partition(".")[0] for name in set(sys.modules) - known}
    assert not new & {"helper", "a_persona"}
    assert not list(tmp_path.rglob("__pycache__"))  # noqa: ASYNC240
    await store.close()
    assert not [n for n in sys.modules if n.startswith("persona_dropin_a_persona")]


@pytest.mark.parametrize(
    "line",
    [
        "from helper import y\n",
        "import helper\ny = helper.y\n",
        "import helper as h\ny = h.y\n",
        "from .helper import y\n",
        "from . import helper\ny = helper.y\n",
        "from pack.inner import y\n",
        "import pack.inner\ny = pack.inner.y\n",
        "from pack import inner\ny = inner.y\n",
        "from pack import again as y\n",
        "def get():\n    from helper import y\n    return y\ny = get()\n",
    ],
)
def test_files_beside_it_can_be_imported(
    code: Callable[..., CodeReference], store: ModuleStore, line: str
) -> None:
    module = store.load(
        code(
            line,
            helper="y = 3\n",
            pack_in___init__="from .inner import y as again\n",
            pack_in_inner="from helper import y\n",
        )
    )
    assert module.y == 3


def test_changed_files_are_not_run(
    code: Callable[..., CodeReference], store: ModuleStore, tmp_path: Path
) -> None:
    found = code("import helper\n", helper="y = 3\n")
    mark = tmp_path / "mark"
    evil = f"open({str(mark)!r}, 'w').close()\n"
    (tmp_path / "helper.py").write_text(evil)
    with pytest.raises(TurnError, match="changed since it was read"):
        store.load(found)
    (tmp_path / "a_persona.py").write_text(evil + BASE)
    with pytest.raises(TurnError, match="changed since it was read"):
        store.load(found)
    assert not mark.exists()


def test_edited_code_is_run_anew(code: Callable[..., CodeReference], store: ModuleStore) -> None:
    first = store.load(code("x = 1\n"))
    assert store.load(code("x = 1\n")) is first
    # The same size and maybe the same second: nothing but the content tells.
    second = store.load(code("x = 2\n"))
    assert (first.x, second.x) == (1, 2)
    assert first.__name__ not in sys.modules


def test_edited_files_beside_it_are_run_anew(
    code: Callable[..., CodeReference], store: ModuleStore
) -> None:
    first = store.load(code("import helper\n", helper="y = 1\n"))
    second = store.load(code("import helper\n", helper="y = 2\n"))
    assert (first.helper.y, second.helper.y) == (1, 2)


@pytest.mark.parametrize("line", ["raise ValueError('x')\n", "import sys; sys.exit(3)\n", "1/0\n"])
async def test_failed_imports_are_passed_on_and_forgotten(
    code: Callable[..., CodeReference], store: ModuleStore, line: str
) -> None:
    with pytest.raises((ValueError, SystemExit, ZeroDivisionError)):
        await store.imported(code(line))
    assert not [n for n in sys.modules if n.startswith("persona_dropin_a_persona")]


async def test_imports_that_hang_are_told(
    code: Callable[..., CodeReference], store: ModuleStore
) -> None:
    with pytest.raises(TurnError, match="is not imported after"):
        await store.imported(code("import time\ntime.sleep(1)\n"), patience=0.1)


def test_dataclasses_and_future_annotations_work(
    code: Callable[..., CodeReference], store: ModuleStore
) -> None:
    module = store.load(
        code(
            "from __future__ import annotations\nimport dataclasses, pickle\n"
            "@dataclasses.dataclass\nclass P:\n    x: int\n"
        )
    )
    assert module.P(3).x == 3


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("from jupyter_ai_persona_manager import NoSuchThing\n", "NoSuchThing"),
        ("import jupyter_ai_persona_manager.nowhere\n", "jupyter_ai_persona_manager.nowhere"),
        ("from jupyter_ai_jupyternaut.jupyternaut.toolkits.notebook import toolkit\n", "toolkits"),
    ],
)
def test_what_is_not_supported_is_named(
    code: Callable[..., CodeReference], store: ModuleStore, line: str, told: str
) -> None:
    with pytest.raises(ImportError, match=f"{told}.* is not supported"):
        store.load(code(line))


@pytest.mark.parametrize(
    "line",
    [
        "from jupyter_ai_persona_manager import BasePersona as P\n",
        "import jupyter_ai_persona_manager as m\nP = m.BasePersona\n",
        "import jupyter_ai_persona_manager.base_persona\n"
        "P = jupyter_ai_persona_manager.base_persona.BasePersona\n",
        "from jupyter_ai_persona_manager.base_persona import BasePersona as P\n",
        "from jupyter_ai.personas.base_persona import BasePersona as P\n",
        "from jupyter_ai_persona_manager import *\nP = BasePersona\n",
    ],
)
def test_names_of_jupyter_ai_lead_here_and_nowhere_else(
    code: Callable[..., CodeReference], store: ModuleStore, line: str
) -> None:
    from persona.loaders.python import BasePersona

    module = store.load(code(line))
    assert issubclass(module.P, BasePersona)
    assert not [n for n in sys.modules if n.startswith("jupyter_ai")]


@pytest.mark.parametrize(
    ("module", "name", "engine"),
    [("claude", "Claude", "claude-acp"), ("mistral_vibe", "MistralVibe", "mistral-vibe-acp")],
)
def test_the_agents_own_classes_lead_to_their_engines(
    code: Callable[..., CodeReference], store: ModuleStore, module: str, name: str, engine: str
) -> None:
    text = (
        f"from jupyter_ai_acp_client.acp_personas.{module} import {name}AcpPersona\n"
        f"class Ours({name}AcpPersona): pass\n"
    )
    assert store.load(code(text)).Ours.engine == engine


@pytest.mark.skipif(find_spec("langchain_core") is not None, reason="LangChain is installed")
def test_messages_of_langchain_are_there_without_it_and_the_rest_is_missed_by_name(
    code: Callable[..., CodeReference], store: ModuleStore
) -> None:
    module = store.load(code(
        "from langchain_core.messages import HumanMessage\n"
        "from langchain.messages import SystemMessage\n"
        "said = [SystemMessage('be kind'), HumanMessage(content='hello')]\n"
    ))  # fmt: skip
    assert [(m.type, m.content) for m in module.said] == [
        ("system", "be kind"), ("human", "hello"),
    ]  # fmt: skip
    with pytest.raises(ModuleNotFoundError, match="'langchain_core'"):
        store.load(code("from langchain_core.tools import tool\n", "b_persona.py"))
    assert not [name for name in sys.modules if name.startswith("langchain")]


async def test_settings_of_our_manager_are_not_those_of_what_stands_around_a_persona(
    code: Callable[..., CodeReference], store: ModuleStore, caplog: pytest.LogCaptureFixture
) -> None:
    around = store.load(code("from jupyter_ai_persona_manager import PersonaManager\n"))
    config = Config({"PersonaManager": {"trust_projects": "always"}})
    parent = LoggingConfigurable(config=config)
    loop = asyncio.get_running_loop()
    around.PersonaManager(persona=None, loop=loop, parent=parent)
    assert not caplog.records


@pytest.mark.parametrize(
    "line",
    [
        "import persona.core\nP = persona.core.BasePersona\n",
        "import persona.core as c\nP = c.BasePersona\n",
        "from persona import core\nP = core.BasePersona\n",
        "from persona.core import *\nP = BasePersona\n",
    ],
)
def test_core_gives_files_the_class_to_build_on(
    code: Callable[..., CodeReference], store: ModuleStore, line: str
) -> None:
    from persona.loaders.python import BasePersona

    assert store.load(code(line)).P is BasePersona
