"""Stands in for the package of this name in files that were written for Jupyter AI 3.0 to 3.2."""

from persona.loaders.upstream.jupyter_ai_persona_manager.auth_manager import (
    PersonaAuthManager,
    PersonaNotAuthenticated,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.awareness_models import (
    CommandOption,
    ModelConfiguration,
    ModelOption,
    ModelSpec,
    PersonaOption,
    SettingConfiguration,
    SettingOption,
    Usage,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.base_persona import (
    BasePersona,
    PersonaDefaults,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.doc_markers import (
    ContractLevel,
    get_contract_level,
    mark_consumer_api,
    mark_optional,
    mark_recommended,
    mark_required,
    mark_subclass_api,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.extension import PersonaManagerExtension
from persona.loaders.upstream.jupyter_ai_persona_manager.mcp_server_models import (
    EnvVariable,
    HttpHeader,
    McpServerHttp,
    McpServerStdio,
    McpSettings,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.persona_awareness import (
    PersonaAwareness,
    PersonaManagerAwareness,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.persona_events import (
    PersonaManagerSessionState,
    PersonaSessionState,
)
from persona.loaders.upstream.jupyter_ai_persona_manager.persona_manager import (
    SYSTEM_USERNAME,
    PersonaManager,
    PersonaRequirementsUnmet,
)

__version__ = "0.2.0+personas"

__all__ = [
    "BasePersona",
    "CommandOption",
    "ContractLevel",
    "EnvVariable",
    "HttpHeader",
    "McpServerHttp",
    "McpServerStdio",
    "McpSettings",
    "ModelConfiguration",
    "ModelOption",
    "ModelSpec",
    "PersonaAuthManager",
    "PersonaAwareness",
    "PersonaDefaults",
    "PersonaManager",
    "PersonaManagerAwareness",
    "PersonaManagerExtension",
    "PersonaManagerSessionState",
    "PersonaNotAuthenticated",
    "PersonaOption",
    "PersonaRequirementsUnmet",
    "PersonaSessionState",
    "SYSTEM_USERNAME",
    "SettingConfiguration",
    "SettingOption",
    "Usage",
    "get_contract_level",
    "mark_consumer_api",
    "mark_optional",
    "mark_recommended",
    "mark_required",
    "mark_subclass_api",
]
