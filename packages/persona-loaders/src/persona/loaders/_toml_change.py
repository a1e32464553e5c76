"""What a file of personas says once an entry is saved or deleted, tried in several ways.

Each way is read back; the first that says what is wanted and leaves the rest alone counts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from persona.core import DefinitionError, PersonaDefinition, Source
from persona.loaders._presets import Preset
from persona.loaders._report import Refused, Report
from persona.loaders._toml_edit import (
    Place,
    drop_table,
    keeps_the_rest,
    put_table,
    put_values,
)
from persona.loaders._toml_load import PERSONAS, load_definition, load_presets
from persona.loaders._toml_text import Document
from persona.loaders._toml_write import table_of

Entry = PersonaDefinition | Preset
"""What a table of a file says."""


def with_entry(document: Document, place: Place, new: Entry | None, source: Source) -> Document:
    """Return a document with one entry as it shall be, and everything else as it was.

    Args:
        document: What the file says.
        place: The entry.
        new: What it shall say; None takes it out.
        source: The file.

    Raises:
        DefinitionError: That cannot be done.
    """
    outer, name = place
    if not isinstance(document.data.get(outer, {}), dict):
        raise DefinitionError(f"{outer} in {source.file} is no table. Correct it first.")
    raw = document.table(outer).get(name)
    if new is None and raw is None:
        return document
    if document.is_inline(outer):
        raise DefinitionError(
            f"{outer} in {source.file} is written as one value, which is not changed by programs. "
            f"Write each entry as a table [{outer}.<name>]."
        )
    for text in _ways(document, place, raw, new, source):
        try:
            after = Document(text, document.newline)
            if keeps_the_rest(document, after, place, there=new is not None) and (
                new is None or _current(after, place, source).model_dump() == new.model_dump()
            ):
                return after
        except (Refused, DefinitionError):  # not the way for how this file is written
            continue
    raise DefinitionError(
        f"{outer}.{name} cannot be written to {source.file} without changing something else. "
        f"Write it as a table of its own, [{outer}.{name}]."
    )


def _ways(
    document: Document, place: Place, raw: object, new: Entry | None, source: Source
) -> Iterator[str]:
    """Yield the texts that may be what is wanted, the one that changes least first."""
    if new is None:
        yield drop_table(document, place)
        return
    if raw is not None:
        forms = _forms(raw)
        old = _table(_current(document, place, source), forms)
        for whole_lists in (False, True):
            text = put_values(document, place, old, _table(new, forms), whole_lists=whole_lists)
            if text is not None:
                yield text
    yield put_table(document, place, _table(new, {}))


def _forms(raw: object) -> dict[str, bool]:
    """Return which forms an entry is written in."""
    if not isinstance(raw, dict):
        return {}
    context = raw.get("context")
    blocks = isinstance(context, dict) and "system_prompt" in context
    return {"flat_models": "model" not in raw, "flat_prompt": not blocks}


def _table(entry: Entry, forms: dict[str, bool]) -> dict[str, Any]:
    if isinstance(entry, PersonaDefinition):
        return table_of(entry, **forms)
    return entry.model_dump(mode="json", exclude_defaults=True, exclude={"name"})


def _current(document: Document, place: Place, source: Source) -> Entry:
    """Return the entry as the file has it.

    Raises:
        DefinitionError: It cannot be read, so it must not be overwritten.
    """
    outer, name = place
    found: Entry | None
    if outer == PERSONAS:
        found, diagnostics = load_definition(document, name, source)
    else:
        report = Report(source.file, toml=True)
        found = load_presets(document, source.file, report)[outer].get(name)
        diagnostics = report.diagnostics
    if found is None:
        raise DefinitionError(
            f"{outer}.{name} in {source.file} is left as it is, because it cannot be read. "
            f"Correct or delete it first. {diagnostics[0] if diagnostics else ''}".strip(),
            diagnostics,
        )
    return found
