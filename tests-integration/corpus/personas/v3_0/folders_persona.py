from pathlib import Path

from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


class FoldersPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Folders", description="Knows where it is", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        lines = {
            "chat": Path(self.get_chat_dir()).name,
            "workspace": Path(self.get_workspace_dir()).name,
            "dotjupyter": Path(self.get_dotjupyter_dir()).name,
            "path": self.get_chat_path(relative=True),
            "absolute": Path(self.get_chat_path()).is_absolute(),
        }
        self.send_message("\n".join(f"- {key}: {value}" for key, value in lines.items()))
