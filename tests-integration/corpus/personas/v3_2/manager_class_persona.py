from jupyter_ai_persona_manager import BasePersona, PersonaDefaults, PersonaManager


class QuietManager(PersonaManager):
    """A manager of its own, as some deployments have; here it takes no effect."""

    def _init_ep_persona_classes(self):
        self._ep_persona_classes = []


class ManagedPersona(BasePersona):
    @property
    def defaults(self):
        return PersonaDefaults(
            name="Managed", description="Names a manager", avatar_path="", system_prompt=""
        )

    async def process_message(self, message):
        around = self.parent
        names = sorted(persona.name for persona in around.personas.values())
        await self.parent.refresh_personas()
        self.send_message(f"{isinstance(around, PersonaManager)} {names}")
        self.parent.send_system_message("from the system")
