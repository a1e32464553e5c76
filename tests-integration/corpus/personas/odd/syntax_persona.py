from jupyter_ai_persona_manager import BasePersona


class SyntaxPersona(BasePersona)
    pass
