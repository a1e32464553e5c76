"""Personas in five parts that can be swapped while the chat goes on."""

from ._activity import Activity, ActivityState, TurnState
from ._attachments import Attachment
from ._avatar import MAX_AVATAR, AvatarError, avatar_bytes, avatar_data_uri, image_type
from ._blanked import blanked_at
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
from ._code import CodeFile, CodeReference, PersonaDefaults
from ._conversation import Conversation
from ._definition import PersonaDefinition
from ._diagnostics import CODES, Diagnostic, Severity, did_you_mean
from ._diffs import render_diffs, unified
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
    PersonaRequirementsUnmet,
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
from ._executes import Executes
from ._executions import Execution, executions
from ._fences import code_span, fence, plain_text
from ._functions import Function
from ._known_engines import CODE_ENGINE, KNOWN_ENGINES
from ._loader import FileStamp, LoadResult, PersonaLoader, file_stamp, installed_loaders
from ._local_code import LocalFile
from ._locations import Location, jupyter_locations, level_for_new, own_folder, slug_of
from ._locked import locked
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
from ._parsing import parse_python
from ._parts import WriterStats
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
from ._slugs import persona_id, slugify, title_of
from ._source import Origin, Package, Scope, Source
from ._support import EngineSupport, Level, Requirement
from ._trust import TrustJudge, TrustMode, TrustRules, Untrusted, trust_summary
from ._trust_store import Approval, TrustError, TrustStore
from ._trust_version import TrustVersion, version_of
from ._turn import BROKEN_OFF, META, STOPPED, TERMINAL, Turn, Utterance, next_hop, note
from ._users import users_of
from ._view import BrokenFile, CatalogView
from ._writer import ReplyWriter, write_failure

__all__ = [
    "Absent",
    "Activity",
    "ActivityState",
    "AgentCommand",
    "Approval",
    "Attachment",
    "AvailableCommands",
    "AvatarError",
    "BLOCKS",
    "BROKEN_OFF",
    "BasePersona",
    "BrokenFile",
    "CODES",
    "CODE_ENGINE",
    "Catalog",
    "CatalogView",
    "ChangeError",
    "Changes",
    "ChatGone",
    "CodeFile",
    "CodeReference",
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
    "Executes",
    "Execution",
    "FilePosition",
    "FileStamp",
    "Function",
    "KEY_VARIABLES",
    "KNOWN_ENGINES",
    "Level",
    "LoadResult",
    "LocalFile",
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
    "PersonaDefaults",
    "PersonaDefinition",
    "PersonaEngine",
    "PersonaError",
    "PersonaIdentity",
    "PersonaLoader",
    "PersonaModel",
    "PersonaRequirementsUnmet",
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
    "TrustError",
    "TrustJudge",
    "TrustMode",
    "TrustRules",
    "TrustStore",
    "TrustVersion",
    "Turn",
    "TurnError",
    "TurnState",
    "Untrusted",
    "Usage",
    "Utterance",
    "WriterStats",
    "avatar_bytes",
    "avatar_data_uri",
    "base_variables",
    "blanked_at",
    "changed_definition",
    "check_definition",
    "check_options",
    "check_surroundings",
    "code_span",
    "did_you_mean",
    "escape_markdown",
    "executions",
    "expand_env",
    "fence",
    "file_stamp",
    "find_mentions",
    "fitting_options",
    "image_type",
    "installed_loaders",
    "is_loopback",
    "jupyter_locations",
    "level_for_new",
    "lies_below",
    "locked",
    "looks_secret",
    "mark_withdrawn",
    "mention_name",
    "missing_env",
    "next_hop",
    "note",
    "own_folder",
    "pack_definition",
    "parse_python",
    "persona_id",
    "plain_text",
    "record_definition",
    "recorded_definitions",
    "render_diffs",
    "replacing",
    "slug_of",
    "slugify",
    "stored_size",
    "title_of",
    "trust_summary",
    "unified",
    "unpack_definition",
    "users_of",
    "value_at",
    "version_of",
    "without_code",
    "write_failure",
]
