"""Personas in five parts that can be swapped while the chat goes on."""

from ._attachments import Attachment
from ._avatar import MAX_AVATAR, AvatarError, avatar_bytes, avatar_data_uri, image_type
from ._catalog import Catalog
from ._changes import (
    BLOCKS,
    ChangeError,
    Changes,
    changed_definition,
    fitting_options,
    lies_below,
    value_at,
)
from ._check_servers import check_surroundings
from ._checks import check_definition, check_options
from ._conversation import Conversation
from ._definition import (
    Origin,
    Package,
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
from ._fences import fence
from ._known_engines import KNOWN_ENGINES
from ._loader import LoadResult, PersonaLoader, installed_loaders
from ._locations import Location, jupyter_locations, level_for_new, own_folder, slug_of
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
from ._portable import (
    MAX_PACKED,
    Packed,
    PortableError,
    pack_definition,
    stored_size,
    unpack_definition,
)
from ._presence import Absent
from ._preset import PRESET_KEYS, PresetDefinition
from ._providers import KEY_VARIABLES, base_variables, is_loopback
from ._question import mark_withdrawn
from ._recording import DEFINITIONS, record_definition, recorded_definitions
from ._registry import EngineEntry, EngineRegistry
from ._render import escape_markdown
from ._replacing import replacing
from ._secrets import looks_secret
from ._session import SessionInfo
from ._support import EngineSupport, Level, Requirement
from ._turn import BROKEN_OFF, META, STOPPED, TERMINAL, Turn, Utterance, next_hop, note
from ._view import BrokenFile, CatalogView
from ._writer import ReplyWriter, WriterStats, write_failure

__all__ = [
    "Absent",
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
    "DEFINITIONS",
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
    "MAX_AVATAR",
    "MAX_PACKED",
    "META",
    "McpServer",
    "McpServerHttp",
    "McpServerStdio",
    "ModeChange",
    "Notice",
    "Origin",
    "PRESET_KEYS",
    "Pace",
    "Package",
    "Packed",
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
    "PortableError",
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
    "avatar_bytes",
    "avatar_data_uri",
    "base_variables",
    "changed_definition",
    "check_definition",
    "check_options",
    "check_surroundings",
    "did_you_mean",
    "escape_markdown",
    "expand_env",
    "fence",
    "find_mentions",
    "fitting_options",
    "image_type",
    "installed_loaders",
    "is_loopback",
    "jupyter_locations",
    "level_for_new",
    "lies_below",
    "looks_secret",
    "mark_withdrawn",
    "mention_name",
    "missing_env",
    "next_hop",
    "note",
    "own_folder",
    "pack_definition",
    "persona_id",
    "record_definition",
    "recorded_definitions",
    "replacing",
    "slug_of",
    "slugify",
    "stored_size",
    "title_of",
    "unpack_definition",
    "value_at",
    "without_code",
    "write_failure",
]
