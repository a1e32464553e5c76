import os

import jupyter_ai_acp_client
import jupyter_ai_persona_manager as jpm
from jupyter_ai_persona_manager import *  # noqa: F403

AVATAR = os.path.join(os.path.dirname(jupyter_ai_acp_client.__file__), "static", "goose.svg")


class AssetsPersona(BasePersona):  # noqa: F405
    """Takes its picture from a package, and its base from a star."""

    @property
    def defaults(self):
        return jpm.PersonaDefaults(
            name="Assets",
            description="Uses what lies in packages",
            avatar_path=AVATAR,
            system_prompt="unused",
        )

    async def process_message(self, message):
        same = jpm.BasePersona is BasePersona  # noqa: F405
        self.send_message(f"{os.path.basename(AVATAR)} {same} {jpm.__version__[:1].isdigit()}")
