from persona.core import BasePersona


class YieldsPersona(BasePersona):
    defaults = {"name": "Yields", "description": "Yields what it says"}

    async def process_message(self, message):
        yield "one "
        yield "after the other"
