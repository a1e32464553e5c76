"""Personas in five parts that can be swapped while the chat goes on."""

from ._attachments import Attachment
from ._avatar import AvatarError, avatar_data_uri
from ._catalog import Catalog
from ._changes import (
    BLOCKS,
    ChangeError,
    Changes,
    changed_definition,
    fitting_options,
    lies_below,
)
from ._check_servers import check_surroundings
from ._checks import check_definition, check_options
from ._conversation import Conversation
from ._definition import (
    Origin,
    PersonaDefinition,
    Scope,
    Source,
    persona_id,
    slugify,
    title_of,
)
from ._diagnostics import CODES, Diagnostic, Severity, did_you_mean
from ._engine import PersonaEngine
from ._errors import (
    ChatGone,
    DefinitionChanged,
    DefinitionError,
    EngineBroken,
    EngineContractError,
    EngineError,
    EngineNotFound,
    PersonaError,
    TurnError,
)
from ._events import (
    AgentCommand,
    AvailableCommands,
    ConfigChange,
    ConfigValue,
    Diff,
    FilePosition,
    ModeChange,
    Notice,
    Plan,
    PlanEntry,
    ReplyEvent,
    Text,
    Thought,
    ToolCall,
    ToolCallUpdate,
    ToolStatus,
    Usage,
)
from ._known_engines import KNOWN_ENGINES
from ._loader import LoadResult, PersonaLoader, installed_loaders
from ._locations import Location, jupyter_locations, own_folder, slug_of
from ._mentions import find_mentions, mention_name, without_code
from ._models import (
    McpServer,
    McpServerHttp,
    McpServerStdio,
    PersonaContext,
    PersonaIdentity,
    PersonaModel,
    expand_env,
    missing_env,
)
from ._pace import Pace
from ._permissions import (
    PermissionDecision,
    PermissionKind,
    PermissionOption,
    PermissionRequest,
)
from ._persona import BasePersona
from ._preset import PRESET_KEYS, PresetDefinition
from ._providers import KEY_VARIABLES, base_variables, is_loopback
from ._question import mark_withdrawn
from ._registry import EngineEntry, EngineRegistry
from ._render import escape_markdown
from ._replacing import replacing
from ._session import SessionInfo
from ._support import EngineSupport, Level, Requirement
from ._turn import BROKEN_OFF, META, STOPPED, TERMINAL, Turn, Utterance, next_hop, note
from ._view import BrokenFile, CatalogView
from ._writer import ReplyWriter, WriterStats, write_failure

__all__ = [
    "AgentCommand",
    "Attachment",
    "AvailableCommands",
    "AvatarError",
    "BLOCKS",
    "BROKEN_OFF",
    "BasePersona",
    "BrokenFile",
    "CODES",
    "Catalog",
    "CatalogView",
    "ChangeError",
    "Changes",
    "ChatGone",
    "ConfigChange",
    "ConfigValue",
    "Conversation",
    "DefinitionChanged",
    "DefinitionError",
    "Diagnostic",
    "Diff",
    "EngineBroken",
    "EngineContractError",
    "EngineEntry",
    "EngineError",
    "EngineNotFound",
    "EngineRegistry",
    "EngineSupport",
    "FilePosition",
    "KEY_VARIABLES",
    "KNOWN_ENGINES",
    "Level",
    "LoadResult",
    "Location",
    "META",
    "McpServer",
    "McpServerHttp",
    "McpServerStdio",
    "ModeChange",
    "Notice",
    "Origin",
    "PRESET_KEYS",
    "Pace",
    "PermissionDecision",
    "PermissionKind",
    "PermissionOption",
    "PermissionRequest",
    "PersonaContext",
    "PersonaDefinition",
    "PersonaEngine",
    "PersonaError",
    "PersonaIdentity",
    "PersonaLoader",
    "PersonaModel",
    "Plan",
    "PlanEntry",
    "PresetDefinition",
    "ReplyEvent",
    "ReplyWriter",
    "Requirement",
    "STOPPED",
    "Scope",
    "SessionInfo",
    "Severity",
    "Source",
    "TERMINAL",
    "Text",
    "Thought",
    "ToolCall",
    "ToolCallUpdate",
    "ToolStatus",
    "Turn",
    "TurnError",
    "Usage",
    "Utterance",
    "WriterStats",
    "avatar_data_uri",
    "base_variables",
    "changed_definition",
    "check_definition",
    "check_options",
    "check_surroundings",
    "did_you_mean",
    "escape_markdown",
    "expand_env",
    "find_mentions",
    "fitting_options",
    "installed_loaders",
    "is_loopback",
    "jupyter_locations",
    "lies_below",
    "mark_withdrawn",
    "mention_name",
    "missing_env",
    "next_hop",
    "note",
    "own_folder",
    "persona_id",
    "replacing",
    "slug_of",
    "slugify",
    "title_of",
    "without_code",
    "write_failure",
]
