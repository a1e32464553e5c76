"""Runs the Python code in the documentation.

Blocks of one page share their names, top to bottom. `<!--- skip: next -->` above a block leaves it
out: for code that shows a shape and cannot run.
"""

from typing import Any

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser
from traitlets.config import Config


def setup(namespace: dict[str, Any]) -> None:
    """Give a page what Jupyter gives a configuration file."""
    namespace["get_config"] = Config


pytest_collect_file = Sybil(
    parsers=[PythonCodeBlockParser(), SkipParser()], patterns=["*.md"], setup=setup
).pytest()
