"""`JupyternautPersona`: personas that build on it answer through the engine ``litellm``."""

from __future__ import annotations

import inspect
from collections.abc import AsyncIterator
from typing import Any

from jupyterlab_chat.models import Message

from persona.core import PersonaModel, TurnError
from persona.loaders.python._chunks import text_of
from persona.loaders.upstream.jupyter_ai_jupyternaut.jupyternaut.prompt_template import (
    JUPYTERNAUT_SYSTEM_PROMPT_TEMPLATE,
    JupyternautSystemPromptArgs,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.awareness_models import (
    ModelConfiguration,
    ModelOption,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.base_persona import BasePersona

DEFAULT_MODEL_ID = "jupyternaut/default"
JUPYTERNAUT_AVATAR_PATH = ""
_OURS = {"temperature", "top_p"}
_NAMES = {"api_base": "model_url", "base_url": "model_url", "max_tokens": "max_output_tokens"}


class JupyternautPersona(BasePersona):
    """Answers with a model, its prompt and its tools, each of which a subclass may say anew."""

    def sync_model_configuration(self) -> None:
        """Report the model."""
        self.report_model_configuration(self._build_model_configuration())

    def _build_model_configuration(self) -> ModelConfiguration:
        name = self.config_manager.chat_model
        options = [ModelOption(id=name, name=name)] if name else []
        return ModelConfiguration(current=None, options=options)

    def _resolve_model(self) -> tuple[str | None, dict[str, Any]]:
        """Return the model to ask, and arguments for it."""
        return self.config_manager.chat_model, dict(self.config_manager.chat_model_args)

    def _read_config_fields(self) -> dict[str, dict[str, Any]]:
        fields: dict[str, dict[str, Any]] = self.config_manager.get_config().fields
        return fields

    async def get_memory_store(self) -> Any:
        """Return where an agent of LangGraph keeps what was said; of no other use here."""
        if not hasattr(self, "_memory_store"):
            try:
                from langgraph.checkpoint.memory import (  # type: ignore[import-not-found]
                    InMemorySaver,
                )
            except ImportError as exc:
                raise _unsupported("get_memory_store", "the chat's history is sent") from exc
            self._memory_store = InMemorySaver()
        return self._memory_store

    async def get_tools(self) -> list[Any]:
        """Return the tools that the model may use, besides the persona's MCP servers.

        Override it; Jupyternaut's own toolkits are not there.
        """
        return []

    async def get_agent(self, model_id: str, model_args: Any, system_prompt: Any) -> Any:
        """Return an agent of LangChain that answers in place of the engine. Override it."""
        raise _unsupported("get_agent", "override get_system_prompt and get_tools")

    def get_system_prompt(self, model_id: str, message: Message) -> Any:
        """Return the prompt: the one of `defaults`, else a general one."""
        own = self.system_prompt or self.defaults.system_prompt
        if own and own.strip(".") and own != "unused":
            return own
        values = JupyternautSystemPromptArgs(model_id=model_id, persona_name=self.name)
        return JUPYTERNAUT_SYSTEM_PROMPT_TEMPLATE.render(**values.model_dump())

    async def process_message(self, message: Message) -> None:
        """Answer with the model, the prompt and the tools of this class."""
        model_id, arguments = await _settled(self._resolve_model())
        prompt = await _settled(self.get_system_prompt(model_id=model_id or "", message=message))
        if type(self).get_agent is not JupyternautPersona.get_agent:
            agent = await _settled(
                self.get_agent(
                    model_id=model_id or "", model_args=arguments, system_prompt=_text(prompt)
                )
            )
            await self.stream_message(_agent_answers(agent, message, self.chat.get_id()))
            return
        tools = await _settled(self.get_tools())
        model, options = _model(model_id, arguments)
        await self.ask_model(
            message,
            system_prompt=_text(prompt),
            model=model,
            options=options,
            tools=list(tools or ()),
        )


def _model(
    model_id: str | None, arguments: dict[str, Any]
) -> tuple[PersonaModel | None, dict[str, Any]]:
    """Return a model and what is left of its arguments, as options for the engine."""
    if not model_id:
        return None, {}
    blocks = {_NAMES.get(key, key): value for key, value in arguments.items()}
    keys = _OURS | set(_NAMES.values())
    model = PersonaModel.model_validate(
        {"model_id": model_id, **{k: v for k, v in blocks.items() if k in keys}}
    )
    return model, {k: v for k, v in blocks.items() if k not in keys}


async def _agent_answers(agent: Any, message: Message, thread: str) -> AsyncIterator[str]:
    """Yield what an agent of LangChain answers."""
    asked = {"messages": [{"role": "user", "content": message.body}]}
    config = {"configurable": {"thread_id": thread}}
    if not hasattr(agent, "astream"):
        found = await agent.ainvoke(asked, config)
        yield str(text_of(found["messages"][-1]))
        return
    async for chunk in agent.astream(asked, config, stream_mode="messages"):
        piece = chunk[0] if isinstance(chunk, tuple) else chunk
        if getattr(piece, "type", "ai").lower().startswith("ai"):
            yield str(text_of(piece))


def _text(prompt: Any) -> str:
    """Return a prompt as a text; some give messages."""
    if isinstance(prompt, list):
        return "\n\n".join(_text(part) for part in prompt)
    if isinstance(prompt, dict):
        return str(prompt.get("content") or prompt.get("text") or "")
    return str(getattr(prompt, "content", prompt) or "")


async def _settled(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


def _unsupported(name: str, instead: str) -> TurnError:
    return TurnError(
        f"JupyternautPersona.{name}() is not supported here.",
        fix=f"In its place {instead}. See docs/coming-from-jupyter-ai.md.",
        kind="unsupported",
    )
