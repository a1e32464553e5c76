"""The prompt of personas that build on Jupyternaut and say no other."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_TEXT = (
    "You are {persona_name}, an assistant in JupyterLab. You answer with the model {model_id}.\n"
    "Answer in Markdown, briefly, and say so where you do not know.\n\n{context}"
)


class JupyternautSystemPromptArgs(BaseModel):
    """What the prompt is made from."""

    persona_name: str
    model_id: str
    context: str | None = None


class _Template:
    def render(self, **values: Any) -> str:
        """Return the prompt for these values."""
        known = {"persona_name": "Jupyternaut", "model_id": "", "context": "", **values}
        filled = _TEXT
        for key, value in known.items():
            filled = filled.replace("{" + key + "}", str(value or ""))
        return filled.strip()


JUPYTERNAUT_SYSTEM_PROMPT_TEMPLATE = _Template()
