import asyncio
import json
import re
from pathlib import Path

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults
from jupyterlab_chat.models import Message

TEMPLATE = Path(__file__).resolve().with_name("lesson_template.ipynb")
WORKSPACE = Path(__file__).resolve().parents[3]


def slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-") or "lesson"


def scaffold(topic: str) -> Path:
    notebook = json.loads(TEMPLATE.read_text(encoding="utf-8"))
    notebook["cells"][0]["source"] = [f"TOPIC = {topic!r}\n"]
    target = WORKSPACE / f"{slug(topic)}.ipynb"
    target.write_text(json.dumps(notebook), encoding="utf-8")
    return target


class ScaffoldPersona(BasePersona):
    """Makes a notebook from the template beside it."""

    @property
    def defaults(self):
        return PersonaDefaults(
            name="Scaffold", description="Makes notebooks", avatar_path="", system_prompt=""
        )

    async def process_message(self, message: Message):
        text = re.sub(r"^(?:\s*@[\w-]+)+\s*", "", message.body)
        if not text.startswith("new "):
            self.send_message("Say `new <topic>`.")
            return
        path = await asyncio.to_thread(scaffold, text.removeprefix("new "))
        self.send_message(f"Made [{path.name}]({path.name}).")
