from ._extension import PersonasExtension, _jupyter_server_extension_points
from ._manager import PersonaManager
from ._service import PersonaService

__all__ = [
    "PersonaManager",
    "PersonaService",
    "PersonasExtension",
    "_jupyter_server_extension_points",
]
