"""JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence


def print_json(data: Mapping[str, object] | Sequence[object]) -> None:
    """Print data as JSON; what JSON does not know (dates of YAML) becomes text."""
    print(json.dumps(data, indent=2, ensure_ascii=False, default=str))
