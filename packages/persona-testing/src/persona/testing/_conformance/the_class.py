"""The engine as a class: its contract, what it costs to import, what it says it supports."""

from __future__ import annotations

import pytest
from pydantic import BaseModel

from persona.core import (
    EngineError,
    EngineRegistry,
    EngineSupport,
    PersonaEngine,
    Requirement,
    slugify,
)
from persona.testing._conformance.base import EngineSuite
from persona.testing._observe import Observation

_LEVELS = ("enforced", "requested", "ignored")


class ClassSuite(EngineSuite):
    """What holds before anybody asks the engine something."""

    def test_deviations_have_reasons(self) -> None:
        for name, reason in self.deviations.items():
            assert callable(getattr(self, name, None)), (
                f"`deviations` names {name!r}, which is no test here. Remove or correct it."
            )
            assert len(reason.split()) >= 3, (
                f"The deviation {name!r} has no reason. Write a sentence that says why."
            )

    def test_class_follows_the_contract(self) -> None:
        cls = self.engine_class
        assert isinstance(cls, type), "`engine_class` is no class. Give the class, not an instance."
        assert issubclass(cls, PersonaEngine), f"Derive {cls.__name__} from PersonaEngine."
        id_ = getattr(cls, "id", None)
        assert isinstance(id_, str), f'Write `id = "..."` in {cls.__name__}.'
        assert slugify(id_) == id_, (
            f"The id {id_!r} is hard to write in a file. Use lower-case letters, digits, dashes."
        )
        assert cls.type in ("server", "lab"), "`type` must be 'server' or 'lab'."
        options = cls.options_model
        assert options is None or issubclass(options, BaseModel), (
            "`options_model` must be a Pydantic model class or None."
        )

    def test_is_found_by_its_entry_point(self) -> None:
        cls = self.engine_class
        line = f'{cls.id} = "{cls.__module__}:{cls.__qualname__}"'
        table = f'[project.entry-points."persona.engines"]\n{line}'
        try:
            found = EngineRegistry().load(cls.id)
        except EngineError as exc:
            pytest.fail(f"{exc}\nWrite in pyproject.toml and install again:\n{table}")
        assert found is cls, (
            f"The id {cls.id!r} leads to {found.__module__}:{found.__qualname__}. "
            f"Correct the entry point and install again:\n{table}"
        )

    def test_state_is_not_kept_in_the_class(self) -> None:
        usual = vars(type("Bare", (PersonaEngine,), {})).keys()
        own = self.engine_class.mro()[: self.engine_class.mro().index(PersonaEngine)]
        shared = [
            f"{cls.__name__}.{name}"
            for cls in own
            for name, value in vars(cls).items()
            if isinstance(value, list | dict | set) and name not in usual
        ]
        assert not shared, (
            f"{', '.join(shared)} is shared by all instances. Make it in __init__, "
            "or make it a constant (tuple, frozenset, MappingProxyType)."
        )

    def test_import_is_light(self, observed: Observation) -> None:
        assert not observed.error.startswith("import"), (
            f"The module cannot be imported: {observed.error}"
        )
        assert not observed.imports["import"], (
            f"Importing the module loads {', '.join(observed.imports['import'])}. "
            "Import it in start() or reply(), off the event loop if it is slow."
        )
        assert not observed.acts.get("import"), (
            f"Importing the module does {observed.acts['import']}. Do it in start()."
        )

    def test_init_does_nothing(self, observed: Observation) -> None:
        assert not observed.error.startswith("init"), (
            f"The engine cannot be made without arguments: {observed.error}. "
            "What is missing to run is support()'s answer."
        )
        assert not observed.imports["init"], (
            f"__init__ loads {', '.join(observed.imports['init'])}. Import it in start()."
        )
        assert not observed.acts.get("init"), (
            f"__init__ does {observed.acts['init']}. Do it in start()."
        )

    def test_support_is_quick_and_has_no_effect(self, observed: Observation) -> None:
        assert not observed.error, f"support() cannot be asked: {observed.error}"
        assert not observed.imports["support"], (
            f"support() loads {', '.join(observed.imports['support'])}. "
            "Use importlib.util.find_spec to see whether a package is there."
        )
        assert not observed.acts.get("support"), (
            f"support() does {observed.acts['support']}. Look with shutil.which or at a file; "
            "the rest is told as a TurnError on use."
        )
        assert observed.support_seconds < self.support_seconds, (
            f"support() takes {observed.support_seconds:.2f} s, more than "
            f"{self.support_seconds:g} s. It is called for every listing: look less far."
        )

    def test_support_says_what_is_honoured(self, engine: PersonaEngine) -> None:
        support = engine.support()
        assert isinstance(support, EngineSupport), "support() must return an EngineSupport."
        for block in ("model", "system_prompt", "mcp_servers", "skills", "options"):
            level = getattr(support, block)
            assert level in _LEVELS, f"support().{block} is {level!r}; use one of {_LEVELS}."
        for missing in support.missing:
            assert isinstance(missing, Requirement), "support().missing must hold Requirements."
            assert missing.what.strip(), "A Requirement must say in `what` what is missing."
            assert missing.fix.strip(), (
                f"Say in `fix` how to provide what is missing: {missing.what}"
            )
        assert engine.support() == support, "support() must answer the same when asked again."
        honoured = self.engine_class.apply_options is not PersonaEngine.apply_options
        declared = self.engine_class.options_model is not None
        assert support.options != "ignored" or not (honoured or declared), (
            "The engine takes options, but support().options is 'ignored'. Say 'enforced'."
        )
