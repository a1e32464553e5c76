"""Absolute paths in texts, which say who somebody is and how his machine is laid out."""

from __future__ import annotations

import re
from collections.abc import Iterable

_END = r"""\s"'<>`|;,(){}\[\]"""
_ROOTED = r"(?:home|Users|root)"

_PATH = re.compile(
    rf"""
      (?P<address>(?!file:)\b[A-Za-z][A-Za-z0-9+.-]{{1,20}}://[^\s"'<>`]*)
    | \bfile:[^{_END}]+
    | (?<![A-Za-z0-9])[A-Za-z]:[\\/]+(?:Users|Documents[ ]and[ ]Settings)[\\/]+
        [^\\/:*?"<>|\r\n]+(?:[\\/][^\s"'<>|]*)?                     # names with spaces
    | (?<![A-Za-z0-9])[A-Za-z]:[\\/][^\s"'<>|]*
    | (?<![\\\w])\\\\[\w.$-]+\\[^\s"'<>|]*                          # \\server\share
    | (?<![\w/.])~[A-Za-z_][\w.-]*/[^{_END}]*                       # ~ada/notes
    | /{_ROOTED}/[^{_END}]+
    | %2[Ff]{_ROOTED}%2[Ff][^{_END}&]*
    | (?<![\w/.~$}}\])-])/(?:[^{_END}/:]+/)+[^{_END}]*              # two parts or more
    """,
    re.VERBOSE,
)
_IN_ADDRESS = re.compile(rf"(?:/|%2[Ff]){_ROOTED}(?:/|%2[Ff])[^&#\s]*")
_WHOLE = re.compile(r"/.*|[A-Za-z]:[\\/].*|\\\\.*|~[^/]+.*|file:.*", re.DOTALL)


def without_paths(text: str, known: Iterable[str] = (), instead: str = "…") -> str:
    """Return ``text`` with ``instead`` in place of every absolute path.

    Addresses stay, but for a home folder in what follows their ``?``.

    Args:
        text: The text.
        known: Folders whose whole paths are known, so that spaces in them do no harm.
        instead: What stands there then.
    """
    for folder in sorted(known, key=len, reverse=True):
        text = re.sub(rf"{re.escape(folder)}(?![\w-])[^{_END}]*", lambda _: instead, text)
    return _PATH.sub(lambda match: _address(match, instead), text)


def is_absolute(text: str) -> bool:
    """Whether ``text`` as a whole is an absolute path, of whatever system."""
    return _WHOLE.fullmatch(text) is not None


def _address(match: re.Match[str], instead: str) -> str:
    address = match["address"]
    if address is None:
        return instead
    head, mark, query = address.partition("?")
    if not address.casefold().startswith(("http:", "https:", "ws:", "wss:")):
        head = _IN_ADDRESS.sub(lambda _: instead, head)  # vscode://file/home/ada
    return head + mark + _IN_ADDRESS.sub(lambda _: instead, query)
