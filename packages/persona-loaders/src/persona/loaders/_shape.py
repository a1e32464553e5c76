"""From what people write to the one form that the models take.

Nodes are never changed in place: an alias may show the same node elsewhere.
"""

from __future__ import annotations

import re
from pathlib import Path

from persona.core import own_folder, slugify, title_of
from persona.loaders._markdown import SUFFIX
from persona.loaders._nodes import Node, mapping, sequence
from persona.loaders._report import Report, short
from persona.loaders._schema import blocks
from persona.loaders._text import Parts

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?")


def implied_by(root: Node) -> frozenset[str]:
    """Return the paths of values that `shape` fills in because the file does not say them."""
    identity = root.members.get("identity")
    if identity is None or identity.data is None:
        return frozenset({"identity", "identity.name"})
    if identity.keys is not None:
        shown = identity.members.get("name")
        if shown is None or shown.data is None:
            return frozenset({"identity.name"})
    return frozenset()


def shape(root: Node, parts: Parts, file: Path, report: Report) -> Node:
    """Return the root with shorthands written out, prompt and names filled in."""
    root = write_out(root)
    fields, keys = dict(root.members), dict(root.keys or {})
    _fill_names(fields, file, root, report)
    fill_context(fields, keys, root, parts, report)
    return mapping(root, fields, keys)


def write_out(root: Node) -> Node:
    """Return the root with the short forms of its blocks written out."""
    fields = _without_empty(root.members, blocks()[""])
    for block, key in (("model", "model_id"), ("identity", "name")):
        if block in fields:
            fields[block] = _block(fields[block], key, blocks()[block])
    models = fields.get("models")
    if models is not None and (models.items or isinstance(models.data, str)):
        known = blocks()["model"]
        items = [_block(item, "model_id", known) for item in models.items or [models]]
        fields["models"] = sequence(models, items)
    for key in ("extends", "formerly"):
        names = fields.get(key)
        if names is not None and isinstance(names.data, str):
            fields[key] = sequence(names, [names])
    return mapping(root, fields)


def _block(node: Node, key: str, known: tuple[str, ...]) -> Node:
    """Return a block; one that is only a text has it under ``key``."""
    if node.children is None and isinstance(node.data, str):
        return mapping(node, {key: node}, {key: node.place})
    return node if node.keys is None else mapping(node, _without_empty(node.members, known))


def fill_context(
    fields: dict[str, Node],
    keys: dict[str, tuple[int, int]],
    root: Node,
    parts: Parts | None,
    report: Report,
) -> None:
    """Write out the short forms of the context, and add the text of a Markdown file."""
    context = fields.get("context")
    if context is None:
        context = mapping(root, {}, {})
    if context.keys is not None and ("context" in fields or (parts and parts.body)):
        fields["context"] = _context(context, parts, report)
        keys.setdefault("context", (parts.body_line, 1) if parts else root.place)


def is_slug(text: str) -> bool:
    """Whether a text can be the short name of a persona."""
    return SLUG.fullmatch(text) is not None


def slug_of_file(file: Path) -> str:
    """Return the short name that a file's place gives its persona, or an empty text."""
    stem = own_folder(file) or file.name
    stem = stem[: -len(SUFFIX)] if stem.lower().endswith(SUFFIX) else stem
    return stem if is_slug(stem) else slugify(stem)


def _without_empty(members: dict[str, Node], known: tuple[str, ...]) -> dict[str, Node]:
    """Leave out known keys without a value: they mean the default, as if not written."""
    return {k: n for k, n in members.items() if n.data is not None or k not in known}


def _fill_names(fields: dict[str, Node], file: Path, root: Node, report: Report) -> None:
    """Find the short name and the name to show."""
    slug = slug_of_file(file)
    given = fields.get("name")
    shown = ""
    if given is not None and isinstance(given.data, str):
        if SLUG.fullmatch(given.data):
            slug = given.data
        elif slug:
            shown = given.data if len(given.data) <= 80 and given.data.strip() else ""
            _warn_of_name(given, slug, report)
    if not slug:
        report.add(
            "P307",
            f"No short name can be made from {short(given.data if given else file.name)!r}.",
            "Add a line `name: short-name` of letters a-z, digits, dots and dashes.",
            given.place if given else (1, 1),
        )
        slug = "unnamed"
    if given is None or isinstance(given.data, str):
        fields["name"] = Node(slug, *(given or root).place, raw=slug)
    identity = fields.get("identity")
    if identity is None:
        identity = mapping(root, {}, {})
    if identity.keys is not None and "name" not in identity.members:
        name = Node(shown or title_of(slug), *(given or root).place)
        fields["identity"] = mapping(identity, {**identity.members, "name": name})


def _warn_of_name(given: Node, slug: str, report: Report) -> None:
    other = slugify(given.data)
    either = f" or `name: {other}`" if other and other != slug else ""
    report.add(
        "P307",
        f"{short(given.data)!r} is no short name; {slug!r}, from the file's name, is used.",
        f"Write `name: {slug}`{either}, and the name to show as name under identity.",
        given.place,
        "warning",
    )


def _context(context: Node, parts: Parts | None, report: Report) -> Node:
    members = _without_empty(context.members, blocks()["context"])
    keys = dict(context.keys or {})
    skills = members.pop("skills", None)
    if skills is not None:
        if "skills_paths" in members:
            report.add(
                "P202",
                "skills and skills_paths are two names of one key.",
                "Write all paths under skills.",
                keys["skills"],
            )
        else:
            members["skills_paths"] = skills
            keys["skills_paths"] = keys["skills"]
    paths = members.get("skills_paths")
    if paths is not None and isinstance(paths.data, str):
        members["skills_paths"] = sequence(paths, [paths])
    servers = members.get("mcp_servers")
    if servers is not None:
        members["mcp_servers"] = _servers(servers)
    prompt = members.get("system_prompt")
    if parts is not None and parts.body:
        if prompt is not None:
            report.add(
                "P202",
                "The prompt stands twice; the text below the front matter is used.",
                "Remove system_prompt, or the text below.",
                keys["system_prompt"],
                "warning",
            )
        members["system_prompt"] = Node(parts.body, parts.body_line, 1, raw=parts.body)
        keys["system_prompt"] = (parts.body_line, 1)
    return mapping(context, members, keys)


def _servers(servers: Node) -> Node:
    """Return the servers as a list, also if they are written by name."""
    if servers.children is None:
        return servers
    items = [_server(node) for node in servers.items]
    for name, node in servers.members.items():
        if node.keys is not None and "name" not in node.members:
            place = servers.place_of(name)
            key = Node(name, *place, raw=name)
            node = mapping(key, {"name": key, **node.members}, {"name": place, **node.keys})
        items.append(_server(node))
    return sequence(servers, items)


def _server(server: Node) -> Node:
    """Return a server with its pairs of name and value as a mapping."""
    if server.keys is None:
        return server
    members = {
        key: _pairs(node) if key in ("env", "headers") else node
        for key, node in server.members.items()
        if node.data is not None or key not in ("args", "env", "headers", "type")
    }
    return mapping(server, members)


def _pairs(node: Node) -> Node:
    if not node.items or any(set(i.members) != {"name", "value"} for i in node.items):
        return node
    named = {str(i.members["name"].data): i for i in node.items}
    children = {name: i.members["value"] for name, i in named.items()}
    return mapping(node, children, {name: i.place for name, i in named.items()})
