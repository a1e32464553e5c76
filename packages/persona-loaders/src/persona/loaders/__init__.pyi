"""Readers of persona files."""

from ._markdown import MARKDOWN, MarkdownLoader, load_markdown

__all__ = [
    "MARKDOWN",
    "MarkdownLoader",
    "load_markdown",
]
