from jupyter_ai_persona_manager import BasePersona, PersonaDefaults


def find_serverapp(start):
    """Walk up the parents until one of them has the server."""
    current = start
    while current is not None:
        app = getattr(current, "serverapp", None)
        if app is not None:
            return app
        current = getattr(current, "parent", None)
    return None


class SettingsPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Settings", description="Reads the server's settings", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        app = find_serverapp(self)
        if app is None:
            self.send_message("no server found")
            return
        settings = self.parent.serverapp.web_app.settings
        same = settings is app.web_app.settings
        config = settings.get("jupyternaut.config_manager")
        model = getattr(config, "chat_model", None)
        self.send_message(f"{settings['base_url']} same={same} model={model}")
