"""What is saved is read again as it was, and what is not saved stays as it is, byte for byte."""

from __future__ import annotations

import tomllib
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from persona.core import Catalog, Location, PersonaDefinition, Scope
from persona.loaders import TOML, TomlPersonaStore, load_toml

pytestmark = pytest.mark.slow  # the same whatever Python it is

MANY = settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


class Chunk(NamedTuple):
    """Lines of a file.

    Attributes:
        owner: The entry that they belong to, if any.
        text: The lines.
    """

    owner: str
    text: str


REST = st.sampled_from(
    [
        "# A word about what follows.\n",
        "[mine]\nodd  =  nan   # kept\n",
        "[mine.deep.er]\nwhen = 2026-11-21T10:00:00Z\n# no comment\n",
        "[[list]]\na.b = 1\n[[list]]\n",
        "[tool_presets.careful]\nallow = [ 'read_*' ,]\n",
        "\n",
        "\n\n",
    ]
)
FLAT = st.sampled_from(
    [
        "preferred_models = [\n  { provider = 'a', model = 'm' }, # 1\n]\nsystem_prompt = '1'\n",
        "system_prompt = '''\n[personas.trap]\n# not a comment\n'''   # a text\ntool_preset='t'\n",
        "# inside\nmodel = \"p/m\"  # short\n\naggregation_strategy = 'full'\n",
        "  engine   =   'e'   # far\n  system_prompt = \"[x]\"\n",
        "options = { a = 1, b = [1, 2] }\nmodel.model_id = 'p/m' # dotted\nmodel.top_p = 0.5\n",
    ]
)
PARTS = st.sampled_from(
    [
        ("context", "skills = ['s']  # skills\n"),
        ("identity", "# who\nname = 'Somebody'\n"),
        ("identity", 'name = "One\\u0041" # escaped\ndescription = """\\\n   long\n   """\n'),
    ]
)


@st.composite
def layouts(draw: st.DrawFn) -> list[Chunk]:
    """Return a file in chunks; entries are whole, in parts, and split around other tables."""
    entries: list[list[Chunk]] = []
    for name in ("coder", "sage", '"x"'):
        kind = draw(st.integers(0, 4))
        flat, (part, values) = draw(FLAT), draw(PARTS)
        main = f"[personas.{name}]\n{flat}"
        other = f"[personas.{name}.{part}]\n{values}"
        chunks = {1: [main], 2: [main, other], 3: [other, main], 4: [main + "# in\n" + other]}
        owner = name.strip('"')
        entries.append([Chunk(owner, text) for text in chunks.get(kind, [])])
    dotted = []
    if draw(st.booleans()):
        pairs = [("one", "one.model = 'p/m'  # first\n"), ("two", "two.engine = 'e'\n")]
        pairs += [("one", "one.identity.name = 'The One'\n"), ("two", "two.tool_preset = 't'\n")]
        dotted = [Chunk("", "[personas]\n")]
        dotted += [Chunk(*pair) for pair in draw(st.permutations(pairs))]
    # The chunks of one entry keep their order; others come between them.
    order = draw(st.permutations([i for i, e in enumerate(entries) for _ in e]))
    left = [list(entry) for entry in entries]
    found = [left[i].pop(0) for i in order]
    rests = draw(st.lists(REST, max_size=4, unique=True))
    for rest in rests:
        found.insert(draw(st.integers(0, len(found))), Chunk("", rest))
    at = draw(st.integers(0, len(found)))
    # Pairs belong to the header above them.
    found[at:at] = dotted
    return found


def written(chunks: list[Chunk], path: Path, *, crlf: bool) -> dict[str, Any]:
    text = "".join(chunk.text for chunk in chunks)
    data = tomllib.loads(text)
    path.write_bytes((text.replace("\n", "\r\n") if crlf else text).encode())
    return data


def owners(chunks: list[Chunk]) -> list[str]:
    return sorted({chunk.owner for chunk in chunks if chunk.owner})


def assert_kept(chunks: list[Chunk], name: str, text: str, *, crlf: bool) -> None:
    """All that is not the entry's is there, in order, and every comment of others with it."""
    at = 0
    parts = [number for number, chunk in enumerate(chunks) if chunk.owner == name]
    for number, chunk in enumerate(chunks):
        # A blank line that set a deleted entry apart may go with it.
        lines = chunk.text.strip("\n") + "\n" if chunk.text.strip() else ""
        if not chunk.owner and _is_within(chunks, number, parts):
            continue  # a word about the entry's next part goes with that
        if chunk.owner != name and lines:
            lines = lines.replace("\n", "\r\n") if crlf else lines
            found = text.find(lines, at)
            assert found >= 0, (lines, text)
            at = found + len(lines)


def _is_within(chunks: list[Chunk], number: int, parts: list[int]) -> bool:
    """Whether nothing of others stands between this chunk and the entry's parts around it."""
    before = max((part for part in parts if part < number), default=None)
    after = min((part for part in parts if part > number), default=None)
    if before is None or after is None:
        return False
    return not any(chunk.owner for chunk in chunks[before + 1 : after])


def change(definition: PersonaDefinition, what: int) -> PersonaDefinition:
    update: dict[str, Any] = (
        {"tool_preset": "other"},
        {"context": definition.context.model_copy(update={"system_prompt": "New\n[x]\n# y"})},
        {"options": {"z": 1, "b": [3]}},
        {"model": None, "models": []},
        {"identity": definition.identity.model_copy(update={"description": "Does it."})},
        {"engine": "other", "tool_preset": None, "aggregation_strategy": "auto"},
    )[what]
    other = definition.model_copy(update=update).model_dump(include=set(update))
    data = {**definition.model_dump(exclude_unset=True), **other}
    return PersonaDefinition.model_validate(data).keyed(definition.key)


def as_data(definitions: dict[str, PersonaDefinition]) -> dict[str, Any]:
    return {key: definition.model_dump() for key, definition in definitions.items()}


@MANY
@given(chunks=layouts(), crlf=st.booleans())
def test_saving_what_was_loaded_changes_no_byte(tmp_path: Path, chunks: list[Chunk], crlf: bool):
    path = tmp_path / "personas.toml"
    written(chunks, path, crlf=crlf)
    before = path.read_bytes()
    store = TomlPersonaStore(tmp_path, user_path=tmp_path / "none.toml")
    found = store.load_definitions()
    assert sorted(found) == owners(chunks)
    for definition in found.values():
        store.save_persona(definition)
    assert path.read_bytes() == before


@MANY
@given(chunks=layouts(), crlf=st.booleans(), which=st.integers(0, 9), what=st.integers(0, 5))
def test_changing_an_entry_changes_only_its_lines(
    tmp_path: Path, chunks: list[Chunk], crlf: bool, which: int, what: int
):
    assume(owners(chunks))
    path = tmp_path / "personas.toml"
    data = written(chunks, path, crlf=crlf)
    store = TomlPersonaStore(tmp_path, user_path=tmp_path / "none.toml")
    before = store.load_definitions()
    name = owners(chunks)[which % len(before)]
    changed = change(before[name], what)
    store.save_persona(changed)
    text = path.read_bytes().decode()
    assert_kept(chunks, name, text, crlf=crlf)
    assert text.count("\r\n") == (text.count("\n") if crlf else 0)
    assert as_data(store.load_definitions()) == as_data({**before, name: changed})
    after = tomllib.loads(text)
    del data["personas"][name], after["personas"][name]
    assert repr(after) == repr(data) or sorted(map(repr, after.items())) == sorted(
        map(repr, data.items())
    )
    # Back again: nothing is left of the change.
    store.save_persona(before[name])
    assert as_data(store.load_definitions()) == as_data(before)


@MANY
@given(chunks=layouts(), crlf=st.booleans(), which=st.integers(0, 9))
def test_deleted_entry_is_gone_and_comes_back(
    tmp_path: Path, chunks: list[Chunk], crlf: bool, which: int
):
    assume(owners(chunks))
    path = tmp_path / "personas.toml"
    written(chunks, path, crlf=crlf)
    store = TomlPersonaStore(tmp_path, user_path=tmp_path / "none.toml")
    before = store.load_definitions()
    name = owners(chunks)[which % len(before)]
    store.delete_persona(name)
    text = path.read_bytes().decode()
    assert_kept(chunks, name, text, crlf=crlf)
    own = chain.from_iterable(c.text.splitlines() for c in chunks if c.owner == name)
    headers = [line for line in own if line.startswith(("[personas.coder", "[personas.sage"))]
    assert not any(header in text.splitlines() for header in headers)
    rest = {key: definition for key, definition in before.items() if key != name}
    assert as_data(store.load_definitions()) == as_data(rest)
    store.save_persona(before[name])
    assert as_data(store.load_definitions()) == as_data(before)
    assert_kept(chunks, name, path.read_bytes().decode(), crlf=crlf)


WORDS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9)
BLOCKS = st.fixed_dictionaries(
    {"name": st.from_regex(r"[a-z][a-z0-9._-]{0,6}[a-z0-9]", fullmatch=True)},
    optional={
        "extends": st.lists(st.sampled_from(["a", "user:b"]), max_size=2, unique=True),
        "engine": st.sampled_from(["e", "litellm"]),
        "enabled": st.booleans(),
        "tool_preset": st.none() | st.just("t"),
        "identity": st.fixed_dictionaries(
            {"name": st.sampled_from(["One", "Zwei Drei", "🦉"])},
            optional={"description": st.none() | WORDS, "avatar": st.just("a.png")},
        ),
        "context": st.fixed_dictionaries(
            {},
            optional={
                "system_prompt": st.none() | WORDS,
                "history": st.sampled_from(["shared", "isolated"]),
                "skills_paths": st.lists(WORDS, max_size=2),
                "mcp_servers": st.lists(
                    st.fixed_dictionaries(
                        {"name": st.just("s"), "command": st.just("c")},
                        optional={"env": st.dictionaries(WORDS, WORDS, max_size=2)},
                    )
                    | st.just({"name": "h", "url": "http://x", "headers": {"A": "${B}"}}),
                    max_size=2,
                    unique_by=lambda server: server["name"],
                ),
            },
        ),
        "options": st.dictionaries(
            WORDS,
            st.recursive(
                st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
                | WORDS,
                lambda inner: st.lists(inner, max_size=3)
                | st.dictionaries(WORDS, inner, max_size=3),
                max_leaves=5,
            ),
            max_size=3,
        ),
        "model": st.fixed_dictionaries(
            {"model_id": st.sampled_from(["p/m", "local"])},
            optional={
                "temperature": st.none() | st.floats(0, 2),
                "top_p": st.none() | st.floats(0, 1),
                "max_output_tokens": st.none() | st.integers(1, 99),
                "model_url": st.just("http://x"),
            },
        ),
    },
)  # fmt: skip


@MANY
@given(data=BLOCKS, chunks=layouts())
def test_saved_definition_is_loaded_as_it_was(
    tmp_path: Path, data: dict[str, Any], chunks: list[Chunk]
):
    definition = PersonaDefinition.model_validate({"identity": {"name": "Default"}, **data})
    assume(definition.key not in owners(chunks))
    path = tmp_path / "personas.toml"
    written(chunks, path, crlf=False)
    before = path.read_bytes()
    store = TomlPersonaStore(tmp_path, user_path=tmp_path / "none.toml")
    store.save_persona(definition)
    assert path.read_bytes().startswith(before)
    loaded = {found.key: found for found in load_toml(path).definitions}
    assert loaded[definition.key].model_dump() == definition.model_dump()
    saved = path.read_bytes()
    store.save_persona(loaded[definition.key])
    assert path.read_bytes() == saved


LEAVES = st.integers(0, 3) | st.sampled_from(["a", "b"]) | st.lists(st.integers(0, 2), max_size=2)
LAYER = st.fixed_dictionaries(
    {},
    optional={
        "engine": st.sampled_from(["e", "f"]),
        "tool_preset": st.sampled_from(["t", "u"]),
        "model": st.fixed_dictionaries(
            {"model_id": st.sampled_from(["p/m", "p/n"])}, optional={"top_p": st.just(0.5)}
        ),
        "options": st.dictionaries(
            st.sampled_from("xyz"),
            LEAVES | st.dictionaries(st.sampled_from("xyz"), LEAVES, min_size=1, max_size=2),
            min_size=1,
            max_size=2,
        ),
        "system_prompt": st.sampled_from(["One.", "Two."]),
    },
)


def as_toml(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {as_toml(inner)}" for key, inner in value.items()) + " }"
    return str(value) if isinstance(value, int | float | list) else f'"{value}"'


def leaves(data: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in data.items():
        path = f"{prefix}{key}"
        found |= leaves(value, f"{path}.") if isinstance(value, dict) else {path: value}
    return found


def nodes(flat: dict[str, Any]) -> set[str]:
    """Return the paths of the values and of the mappings that they stand in."""
    parts = [path.split(".") for path in flat]
    return {".".join(part[:n]) for part in parts for n in range(1, len(part) + 1)}


@settings(MANY, max_examples=100)
@given(layers=st.lists(LAYER, min_size=2, max_size=5), blank=st.lists(st.integers(0, 3)))
def test_each_merged_value_has_its_true_origin(
    tmp_path: Path, layers: list[dict[str, Any]], blank: list[int]
):
    """A persona of one name in each scope, each on top of the next farther one."""
    locations, lines = [], {}
    for number, layer in enumerate(layers):
        scope = Scope.USER if number < len(layers) - 1 else Scope.PROJECT
        folder = tmp_path / f"level{number}"
        (folder / "personas").mkdir(parents=True, exist_ok=True)
        locations.append(Location(folder / "personas", scope, folder))
        text = ["#"] * (blank[number] if number < len(blank) else 0) + ["[personas.sage]"]
        text += ["extends = 'sage'"] if number else []
        text += [f"{key} = {as_toml(value)}" for key, value in layer.items()]
        (folder / "personas.toml").write_text("\n".join(text))
        lines[folder / "personas.toml"] = text
    catalog = Catalog(loaders=(TOML,), locations=locations)
    sage = catalog.view(tmp_path / "elsewhere").personas["sage"]
    said = [leaves({k: v for k, v in layer.items() if k != "system_prompt"}) for layer in layers]
    for layer, flat in zip(layers, said, strict=True):
        if "system_prompt" in layer:
            flat["context.system_prompt"] = layer["system_prompt"]
    merged = leaves(sage.model_dump(exclude_unset=True, exclude={"name", "extends", "identity"}))
    for path, value in merged.items():
        nearest = max((n for n, flat in enumerate(said) if path in flat), default=None)
        if nearest is None:  # filled in; a list of models, for one
            continue
        assert value == said[nearest][path]
        origin = sage.origins[path]
        assert origin.file == tmp_path / f"level{nearest}" / "personas.toml"
        key = "system_prompt" if path == "context.system_prompt" else path.partition(".")[0]
        assert lines[origin.file][origin.line - 1].startswith(f"{key} = ")
        hidden = [
            tmp_path / f"level{n}" / "personas.toml"
            for n in range(nearest - 1, -1, -1)
            if path in nodes(said[n])
        ]
        assert [other.file for other in origin.hides] == hidden
    for path in said[-1]:
        assert path in merged
