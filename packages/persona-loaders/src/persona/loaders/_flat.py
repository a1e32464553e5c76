"""Front matter that lost its indentation, as when it is copied from a web page.

Such a file has empty blocks with their keys beside them. It has only one possible
meaning, so it is read with that meaning and a warning.
"""

from __future__ import annotations

from persona.loaders._nodes import Node, mapping, sequence
from persona.loaders._report import Report
from persona.loaders._schema import blocks, keys_at

_BLOCKS = ("model", "identity", "context", "options")


def indent(root: Node, report: Report) -> Node:
    """Return the root with keys put under the empty blocks above them.

    Nothing is done unless there is a key that is unknown where it stands, and each such
    key has its place in the empty block above it.
    """
    if all(key in blocks()[""] for key in root.members):
        return root
    fields: dict[str, Node] = {}
    inside: dict[str, dict[str, Node]] = {}
    current = ""
    for key, node in root.members.items():
        if current and _belongs(key, current, inside[current]):
            _put(inside[current], key, node, root)
        elif key in blocks()[""]:
            fields[key] = node
            current = key if key in _BLOCKS and node.data is None else ""
            inside.setdefault(key, {})
        else:
            return root
    moved = [key for members in inside.values() for key in members]
    for block, members in inside.items():
        if members:
            fields[block] = mapping(fields[block], members, root.keys)
    report.add(
        "P201",
        "Keys stand without indentation; they are read as part of the block above them.",
        "Indent the lines below model:, identity:, context: and options: by two spaces.",
        root.place_of(moved[0]),
        "warning",
    )
    return mapping(root, fields)


def _belongs(key: str, block: str, members: dict[str, Node]) -> bool:
    if key in _BLOCKS or key in ("engine", "enabled", "formerly"):
        return False
    if block == "options" or key in blocks()[block]:
        return True
    return _is_server_key(key) and "mcp_servers" in members and bool(members["mcp_servers"].items)


def _is_server_key(key: str) -> bool:
    return key in keys_at((), "stdio") or key in keys_at((), "http")


def _put(members: dict[str, Node], key: str, node: Node, root: Node) -> None:
    servers = members.get("mcp_servers")
    if servers is None or not _is_server_key(key) or not servers.items:
        members[key] = node
        return
    *others, last = servers.items
    keys = {**(last.keys or {}), key: root.place_of(key)}
    last = mapping(last, {**last.members, key: node}, keys)
    members["mcp_servers"] = sequence(servers, [*others, last])
