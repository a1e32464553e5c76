"""From a table of ``personas.toml``, flat or in blocks, to the form that the models take."""

from __future__ import annotations

from persona.core import did_you_mean, slugify
from persona.loaders._nodes import Node, mapping, sequence
from persona.loaders._profile import shown_name
from persona.loaders._report import Refused, Report, short
from persona.loaders._shape import fill_context, is_slug, write_out

_UNSAID = ("max_output_tokens", "model_url")
"""Keys of a flat model that have no default of their own."""
ENTRY = ("provider", "model", "temperature", "top_p", "max_output_tokens", "model_url")


def shape_table(table: Node, key: Node, report: Report) -> Node:
    """Return a persona's table in the form of the models. ``key`` is its name.

    Raises:
        Refused: P202 for what is no table.
    """
    if table.keys is None:
        raise Refused("P202", f"personas.{short(key.data)} must be a table.",
                      f"Write [personas.{short(key.data)}] and the values below it.",
                      line=key.line, column=key.column)  # fmt: skip
    fields, keys = dict(table.members), dict(table.keys)
    if "name" in fields:
        report.add("P201", "Unknown key 'name'.",
                   "The table's own name counts; the name to show is identity.name.",
                   keys["name"])  # fmt: skip
        del fields["name"]
    flat = "extends" in fields and "preferred_models" in fields and "model" not in fields
    _unfold_models(fields, keys, report)
    _unfold_prompt(fields, keys, report)
    root = write_out(mapping(table, fields, keys))
    fields, keys = dict(root.members), dict(root.keys or {})
    if flat and "model" in fields:
        _fill_models(fields)
    _fill_names(fields, key, report)
    fill_context(fields, keys, root, None, report)
    return mapping(root, fields, keys)


def _unfold_models(
    fields: dict[str, Node], keys: dict[str, tuple[int, int]], report: Report
) -> None:
    """Turn ``preferred_models`` into ``model`` and ``models``."""
    given = fields.pop("preferred_models", None)
    if given is None:
        return
    if "model" in fields or "models" in fields:
        report.add("P202", "preferred_models and model are two ways to say the same.",
                   "Keep one of them.", keys["preferred_models"])  # fmt: skip
        return
    if not isinstance(given.children, list):
        report.add("P202", "preferred_models must be a list.",
                   'Write [{ provider = "…", model = "…" }].', given.place)  # fmt: skip
        return
    models = [_model(item, number, report) for number, item in enumerate(given.items, 1)]
    if models:
        fields["model"], keys["model"] = models[0], given.items[0].place
    if models[1:]:
        fields["models"], keys["models"] = sequence(given, models[1:]), given.items[1].place
    elif models and "extends" in fields:  # a list replaces that of the base, also a shorter one
        fields["models"], keys["models"] = sequence(given, []), keys["preferred_models"]


def _fill_models(fields: dict[str, Node]) -> None:
    """Say what a flat model leaves out, so that nothing of a base's model gets into it."""
    model = fields["model"]
    unsaid = {k: Node(None, *model.place) for k in _UNSAID if k not in model.members}
    fields["model"] = mapping(model, {**model.members, **unsaid})


def _model(item: Node, number: int, report: Report) -> Node:
    where = f"preferred_models[{number}]"
    members = item.members
    if isinstance(item.data, str):
        members, name = {}, item
    else:
        name = Node("-", *item.place)
        if item.keys is None:
            report.add("P202", f"{where} must be a table.",
                       'Write { provider = "…", model = "…" }.', item.place)  # fmt: skip
            return mapping(item, {"model_id": name}, {})
        _check_entry(item, where, report)
        provider, model = members.get("provider"), members.get("model")
        if provider is not None and model is not None:
            name = Node(f"{provider.data}/{model.data}", *model.place)
    # The defaults of the flat form; in a block no value means the model's own.
    rest = {"temperature": Node(0.0, *item.place), "top_p": Node(1.0, *item.place)}
    rest |= {k: n for k, n in members.items() if k in ENTRY[2:]}
    keys = {**(item.keys or {}), "model_id": name.place}
    return mapping(item, {"model_id": name, **rest}, keys)


def _check_entry(item: Node, where: str, report: Report) -> None:
    for key in item.members:
        if key not in ENTRY:
            guess = did_you_mean(key, ENTRY) if len(key) <= 60 else None
            fix = f"Did you mean {guess!r}?" if guess else f"Known here: {', '.join(ENTRY)}."
            report.add("P201", f"Unknown key {short(key)!r} under {where}.", fix,
                       item.place_of(key))  # fmt: skip
    for key in ("provider", "model"):
        node = item.members.get(key)
        if node is None:
            report.add("P203", f"{where} has no {key}.", f'Add {key} = "…".', item.place)
        elif not isinstance(node.data, str) or not node.data.strip():
            what = "be text" if not isinstance(node.data, str) else "not be empty"
            report.add("P202", f"{where}.{key} must {what}.", f'Write {key} = "…".', node.place)
        elif key == "provider" and "/" in node.data:
            report.add("P202", f"{where}.provider must not hold a slash.",
                       "Move what stands behind the slash to the front of model.",
                       node.place)  # fmt: skip


def _unfold_prompt(
    fields: dict[str, Node], keys: dict[str, tuple[int, int]], report: Report
) -> None:
    """Move ``system_prompt`` into the context."""
    prompt = fields.pop("system_prompt", None)
    if prompt is None:
        return
    at = keys["system_prompt"]
    context = fields.get("context")
    if context is not None and "system_prompt" in context.members:
        report.add("P202", "The prompt stands twice, here and under context.",
                   "Keep one of them.", at)  # fmt: skip
        return
    if context is None:
        keys["context"] = at
        context = Node({}, *at, {}, {})
    if context.keys is not None:
        fields["context"] = mapping(
            context, {**context.members, "system_prompt": prompt},
            {**context.keys, "system_prompt": at},
        )  # fmt: skip


def _fill_names(fields: dict[str, Node], key: Node, report: Report) -> None:
    """Find the short name and the name to show."""
    written = slug = str(key.data)
    if not is_slug(slug):
        slug = slugify(slug)
        if slug:
            report.add("P307", f"{short(written)!r} is no short name; {slug!r} is used.",
                       f"Write [personas.{slug}], and the name to show as identity.name.",
                       key.place, "warning")  # fmt: skip
        else:
            report.add("P307", f"No short name can be made from {short(written)!r}.",
                       "Name the table with letters a-z, digits, dots and dashes.",
                       key.place)  # fmt: skip
            slug = "unnamed"
    fields["name"] = Node(slug, *key.place, None, None, slug)
    identity = fields.get("identity")
    if identity is None:
        identity = Node({}, *key.place, {}, {})
    if identity.keys is not None and "name" not in identity.members:
        fields["identity"] = mapping(
            identity, {**identity.members, "name": Node(shown_name(written, slug), *key.place)}
        )
