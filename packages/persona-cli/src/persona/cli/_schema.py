"""``jupyter persona schema``: what may stand in a persona file, for editors."""

from __future__ import annotations

from argparse import Namespace

from persona.cli._errors import OK
from persona.cli._json import print_json
from persona.core import EngineRegistry
from persona.loaders import json_schema


def run(args: Namespace) -> int:
    """Print the schema; the installed engines are among those that it suggests."""
    print_json(json_schema(args.kind, engines=EngineRegistry().entries))
    return OK
