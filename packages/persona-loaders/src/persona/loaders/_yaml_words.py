"""The YAML parser's complaints in words of somebody who writes persona files."""

from __future__ import annotations

import yaml

from persona.loaders._report import short

_QUOTE = "Put the whole value in quotes."
_WORDS = {
    "mapping values are not allowed in this context": (
        "A colon stands where no new key may start.",
        "Put a value that holds `: ` in quotes, and check the indentation of this line and of "
        "the one above.",
    ),
    "could not find expected ':'": (
        "This line is neither a key nor part of a value.",
        "Write `key: value`, or indent the line under the value that it continues.",
    ),
    "did not find expected key": (
        "The line does not fit to the ones above.",
        "Check its indentation; put values with quotes or brackets inside in quotes as a whole.",
    ),
    "did not find expected '-' indicator": (
        "A list item was expected here.",
        "Start it with `- `, or indent the list under its key.",
    ),
    "block sequence entries are not allowed in this context": (
        "A list cannot start on the line of its key.",
        "Write each item on a line of its own below the key, or write [a, b].",
    ),
    "did not find expected ',' or ']'": ("The bracket [ is not closed.", "Add a ]."),
    "did not find expected ',' or '}'": ("The brace { is not closed.", "Add a }."),
    "did not find expected node content": ("A value was expected here.", _QUOTE),
    "did not find expected alphabetic or numeric character": (
        "A value that starts with * or & means something else in YAML.",
        _QUOTE,
    ),
    "found unknown escape character": (
        "A backslash means something else in double quotes.",
        "Use single quotes, or write two backslashes.",
    ),
    "found invalid Unicode character escape code": (
        "This escape is not a character.",
        "Write the character itself.",
    ),
    "found undefined tag handle": ("A value that starts with ! is a YAML tag.", _QUOTE),
    "found unexpected end of stream": ("The quote is not closed.", "Add the closing quote."),
    "did not find expected <document start>": (
        "A line that starts with % is not allowed here.",
        "Remove it, or put the value in quotes.",
    ),
}
# Their cause stands where the construct starts, not where the parser gave up.
_AT_START = {
    "could not find expected ':'",
    "did not find expected ',' or ']'",
    "did not find expected ',' or '}'",
    "found unexpected end of stream",
    "did not find expected alphabetic or numeric character",
}
_NO_START = "found character that cannot start any token"


def explain(error: yaml.MarkedYAMLError, text: str) -> tuple[str, str, yaml.Mark | None]:
    """Return what is wrong, what to do, and where, for an error in ``text``."""
    problem = error.problem or error.context or "it cannot be read"
    mark = error.problem_mark or error.context_mark
    if problem in _AT_START and error.context_mark is not None:
        mark = error.context_mark
    if problem in _WORDS:
        message, fix = _WORDS[problem]
    elif problem.startswith(_NO_START):
        message, fix = _explain_character(text, mark)
    else:
        message = f"The front matter is not valid YAML: {short(problem)}."
        fix = "If the value is meant as text, put it in quotes."
    return message, fix, mark


def _explain_character(text: str, mark: yaml.Mark | None) -> tuple[str, str]:
    lines = text.split("\n")
    character = ""
    if mark is not None and mark.line < len(lines):
        character = lines[mark.line][mark.column : mark.column + 1]
    if character == "\t":
        return "A tab is used to indent.", "Indent with spaces; YAML does not take tabs."
    return f"A value cannot start with {character!r} in YAML.", _QUOTE
