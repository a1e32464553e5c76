from persona.core import PersonaEngine, PersonaIdentity


class ShouterEngine(PersonaEngine):
    """An engine with an identity is a persona too."""

    id = "corpus-shouter"
    identity = PersonaIdentity(name="Shouter", description="Shouts back")

    async def reply(self, turn):
        yield turn.text.upper()
