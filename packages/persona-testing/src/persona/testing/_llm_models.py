"""The lists of models that a scripted LLM server gives."""

from collections.abc import Sequence
from typing import Any

from persona.testing._llm_request import Dialect

WHEN = "2026-01-01T00:00:00Z"


def model_list(dialect: Dialect, models: Sequence[str]) -> dict[str, Any]:
    """Give the answer to `GET /models` in the form of one dialect."""
    if dialect == "gemini":
        methods = ["generateContent", "countTokens"]
        described = [
            {"name": f"models/{m}", "displayName": m, "supportedGenerationMethods": methods}
            for m in models
        ]
        return {"models": described}
    if dialect == "anthropic":
        entries = [
            {"type": "model", "id": m, "display_name": m, "created_at": WHEN} for m in models
        ]
        first, last = (models[0], models[-1]) if models else (None, None)
        return {"data": entries, "has_more": False, "first_id": first, "last_id": last}
    listed = [{"id": m, "object": "model", "created": 0, "owned_by": "persona"} for m in models]
    return {"object": "list", "data": listed}
