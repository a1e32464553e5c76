"""Settings of a session: config options, modes and models, by id, category or name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from persona.core import ConfigValue, TurnError
from persona.engines.acp._agent import Agent
from persona.engines.acp._options import AcpOptions
from persona.engines.acp._plan import ConfigChoice, SessionPlan
from persona.engines.acp._reading import config_values
from persona.engines.acp._row import AgentRow
from persona.engines.acp._transport import JsonObject

_EFFORT = frozenset({"effort", "reasoning_effort", "thinking", "thought_level"})


def all_choices(row: AgentRow, plan: SessionPlan, options: AcpOptions) -> tuple[ConfigChoice, ...]:
    """Return what is to be set: the row's choices, then mode, effort and other options."""
    choices = list(plan.choices)
    named = {choice.option for choice in choices}
    mode = options.mode or row.modes.get(options.permissions)
    if mode and "mode" not in named:
        # Required: an agent in another mode may write without asking.
        choices.append(ConfigChoice("mode", mode, required=True))
    if options.effort and not named & _EFFORT:
        choices.append(ConfigChoice("thought_level", options.effort))
    choices += [ConfigChoice(name, value, True) for name, value in options.config.items()]
    return tuple(choices)


class Settings:
    """How one session is set, and how to set it otherwise.

    Args:
        agent: The agent.
        session_id: The session.
        opened: What the agent answered when the session was opened.
    """

    def __init__(self, agent: Agent, session_id: str, opened: Mapping[str, Any]) -> None:
        self._agent = agent
        self._session_id = session_id
        self._set: dict[str, str | bool] = {}
        self.options = opened.get("configOptions")
        modes, models = opened.get("modes"), opened.get("models")
        self._modes: JsonObject = modes if isinstance(modes, dict) else {}
        self._models: JsonObject = models if isinstance(models, dict) else {}

    @property
    def mode(self) -> str | None:
        """Id of the mode: a config option, or what older agents have beside those."""
        option, older = self._option("mode"), [id_ for id_, _ in self._mode_list()]
        mode = option.get("currentValue") if option else None
        if not isinstance(mode, str) or (older and mode not in older):
            mode = self._modes.get("currentModeId")
        return mode if isinstance(mode, str) else None

    def note_mode(self, mode: object) -> None:
        """Take note that the agent changed its mode."""
        if not isinstance(mode, str):
            return
        self._modes = {**self._modes, "currentModeId": mode}
        option = self._option("mode")
        if option is not None and any(id_ == mode for id_, _ in _listed(option)):
            option["currentValue"] = mode

    def mode_name(self, mode: str) -> str | None:
        """Return what people call a mode, if the agent said."""
        option = self._option("mode")
        listed = [*self._mode_list(), *(_listed(option) if option else ())]
        return next((name for id_, name in listed if id_ == mode and name), None)

    def values(self) -> tuple[ConfigValue, ...]:
        """Return all settings as they stand; modes and models of older agents are among them."""
        found = list(config_values(self.options))
        older = (
            ("mode", "Mode", self._modes.get("currentModeId"), self._mode_list()),
            ("model", "Model", self._models.get("currentModelId"), self._model_list()),
        )
        for id_, name, now, listed in older:
            if listed and self._option(id_) is None:
                choices = tuple((value, text or value) for value, text in listed)
                value = now if isinstance(now, str) else None
                found.append(ConfigValue(id_, value, name, category=id_, choices=choices))
        return tuple(found)

    async def apply(
        self, choices: Iterable[ConfigChoice], model: str | None
    ) -> tuple[list[str], list[str]]:
        """Set what is not as it should be.

        Returns:
            What could not be set and was not required, and what was set, for the log.

        Raises:
            TurnError: The agent does not take something that is required.
            ConnectionError: The agent is gone.
        """
        problems: list[str] = []
        done: list[str] = []
        if model is not None and self._set.get("set_model") != model:
            if await self._set_model(model):
                done.append(f"model={model}")
            self._set["set_model"] = model
        for choice in choices:
            try:
                if await self._choose(choice):
                    done.append(f"{choice.option}={choice.value}")
            except TurnError as exc:
                if choice.required or exc.kind == "login":
                    raise
                problems.append(exc.summary)
        return problems, done

    # -- each kind ------------------------------------------------------------------

    async def _choose(self, choice: ConfigChoice) -> bool:
        option = self._option(choice.option)
        if option is None and choice.option == "mode" and self._mode_list():
            return await self._set_mode(choice)
        if option is None and choice.option == "model" and self._model_list():
            return await self._set_model(str(choice.value))
        if option is None:
            return await self._try_each(choice.option, choice)
        spellings: tuple[str | bool, ...] = (choice.value, *choice.also)
        matches = (_matching(value, option) for value in spellings)
        value = next((match for match in matches if match is not None), None)
        if option.get("currentValue") in (spellings if value is None else (value,)):
            return False
        if value is None:
            if _listed(option) and "model" not in (option["id"], option.get("category")):
                # Some agents take anything, and go into another mode than the one asked for.
                raise self._not_offered(choice, None)
            # What is not listed may be taken all the same: lists of models are short.
            return await self._try_each(str(option["id"]), choice)
        return await self._try(str(option["id"]), value, choice)

    async def _try_each(self, option: str, choice: ConfigChoice) -> bool:
        first: TurnError | None = None
        for value in (choice.value, *choice.also):
            try:
                return await self._try(option, value, choice)
            except TurnError as exc:
                if exc.kind == "login":
                    raise
                first = first or exc
        raise first or self._not_offered(choice, None)

    async def _try(self, option: str, value: str | bool, choice: ConfigChoice) -> bool:
        known = self._option(option)
        if known is None and self._set.get(option) == value:
            return False  # it never says what it is set to
        params: JsonObject = {"sessionId": self._session_id, "configId": option, "value": value}
        if isinstance(value, bool):
            params["type"] = "boolean"
        try:
            answer = await self._agent.request("session/set_config_option", params, "be set")
        except TurnError as exc:
            if exc.kind == "login":
                raise
            raise self._not_offered(choice, exc) from exc
        self._set[option] = value
        if isinstance(answer.get("configOptions"), list):
            self.options = answer["configOptions"]
        elif known is not None:
            known["currentValue"] = value
        return True

    async def _set_mode(self, choice: ConfigChoice) -> bool:
        listed = self._mode_list()
        mode = _one_of(str(choice.value), listed)
        if mode is None:
            raise self._not_offered(choice, None, [id_ for id_, _ in listed])
        if mode == self.mode:
            return False
        params = {"sessionId": self._session_id, "modeId": mode}
        await self._agent.request("session/set_mode", params, f"go into its mode {mode!r}")
        self.note_mode(mode)
        return True

    async def _set_model(self, model: str) -> bool:
        listed = self._model_list()
        chosen = _one_of(model, listed) or model
        if self._models.get("currentModelId") == chosen:
            return False
        params = {"sessionId": self._session_id, "modelId": chosen}
        try:
            await self._agent.request("session/set_model", params, f"use the model {chosen!r}")
        except TurnError as exc:
            if exc.kind == "login":
                raise
            raise self._not_offered(
                ConfigChoice("model", chosen), exc, [id_ for id_, _ in listed]
            ) from exc
        self._models = {**self._models, "currentModelId": chosen}
        return True

    # -- what is offered --------------------------------------------------------------

    def _option(self, name: str) -> JsonObject | None:
        options = [option for option in _objects(self.options) if isinstance(option.get("id"), str)]
        # Agents have many names for how long a model thinks.
        names = _EFFORT if name in _EFFORT else {name.casefold()}
        for key in ("id", "category", "name"):
            for option in options:
                value = option.get(key)
                if isinstance(value, str) and value.casefold() in names:
                    return option
        return None

    def _mode_list(self) -> list[tuple[str, str]]:
        return [
            (str(item["id"]), str(item.get("name") or ""))
            for item in _objects(self._modes.get("availableModes"))
            if isinstance(item.get("id"), str)
        ]

    def _model_list(self) -> list[tuple[str, str]]:
        return [
            (str(item["modelId"]), str(item.get("name") or ""))
            for item in _objects(self._models.get("availableModels"))
            if isinstance(item.get("modelId"), str)
        ]

    def _not_offered(
        self, choice: ConfigChoice, error: TurnError | None, offered: list[str] | None = None
    ) -> TurnError:
        option = self._option(choice.option)
        if offered is None and option is not None:
            offered = [id_ for id_, _ in _listed(option)]
        what = "It offers"
        if not offered and option is None and choice.option != "model":
            offered = [value.id for value in self.values()]
            what = "Its settings are"
        shown = ", ".join((offered or [])[:20])
        return TurnError(
            f"{self._agent.row.name} does not take {choice.option} = {choice.value!r}.",
            fix=f"{what}: {shown}." if shown else "Take it out of the persona file.",
            details=error.summary if error else "",
            kind="setting",
        )


def _matching(value: str | bool, option: Mapping[str, Any]) -> str | bool | None:
    if isinstance(value, bool) or option.get("type") == "boolean":
        if isinstance(value, str) and value.casefold() in ("true", "false", "on", "off"):
            return value.casefold() in ("true", "on")
        return value
    return _one_of(value, _listed(option))


def _listed(option: Mapping[str, Any]) -> list[tuple[str, str]]:
    return list(config_values([option])[0].choices)


def _one_of(wanted: str, listed: list[tuple[str, str]]) -> str | None:
    for position in (0, 1):
        for pair in listed:
            if pair[position] == wanted:
                return pair[0]
    folded = wanted.casefold()
    return next((id_ for id_, name in listed if folded in (id_.casefold(), name.casefold())), None)


def _objects(value: object) -> list[JsonObject]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
