"""What looks like a secret, so that it is not written where others read it.

No rule finds every secret: a password may be any word. These find what is named as one
and what has the form of a well-known kind, and they rather find too much than too little.
"""

from __future__ import annotations

import re

_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

_ALONE = frozenset(
    {
        "apikey",
        "authorization",
        "bearer",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "jwt",
        "pass",
        "passcode",
        "passphrase",
        "passwd",
        "password",
        "passwords",
        "pat",
        "pin",
        "pwd",
        "secret",
        "secrets",
        "sig",
        "signature",
        "token",
        "accesskey",
        "accesstoken",
        "authtoken",
        "clientsecret",
        "privatekey",
        "secretkey",
        "sessionid",
    }
)
"""Words that a name holds of what is secret."""

_LAST = frozenset({"auth", "key", "keys", "session", "tokens"})
"""Words that make a secret of a text if the name ends with them."""

_FORMS = re.compile(
    r"""
      -----BEGIN[ ][A-Z0-9 ]*PRIVATE[ ]KEY-----[\s\S]*?(?:-----END[ ][A-Z0-9 ]*KEY-----|\Z)
    | \beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{4,}(?:\.[A-Za-z0-9_-]*)?        # JSON web token
    | \b(?:sk|pk|rk)[-_][A-Za-z0-9_-]{8,}                                  # OpenAI, Stripe, …
    | \b(?:ghp|gho|ghu|ghs|ghr|github_pat|glpat|gldt|glrt)[-_][A-Za-z0-9_-]{8,}
    | \b(?:AKIA|ASIA|AGPA|AIDA|AROA|ANPA)[A-Z0-9]{12,}                     # AWS
    | \bAIza[A-Za-z0-9_-]{20,}                                             # Google
    | \bya29\.[A-Za-z0-9_-]{10,}
    | \bxox[a-z]-[A-Za-z0-9-]{8,}                                          # Slack
    | \bhooks\.slack\.com/services/[A-Za-z0-9/_-]+
    | \b(?:hf|gsk|xai|nvapi|pplx|r8|tvly|fw|dop_v1|shpat|shpss|npm|pypi|lin_api|sntrys|figd|ntn
        |tskey|dckr_pat|dckr_oat|rpa|vercel|sbp|doo_v1|patr|whsec|rubygems|buildkite)
      (?:_|-(?=[A-Za-z_-]*[0-9]))[A-Za-z0-9_-]{12,}
    | \b(?:ATATT|ATCTT|ATBB)[A-Za-z0-9_=-]{12,}                            # Atlassian
    | (?<![A-Za-z0-9/+=])(?=[A-Za-z/+]*[0-9])(?=[^a-z]{0,39}[a-z])(?=[^A-Z]{0,39}[A-Z])
      [A-Za-z0-9/+]{40}(?![A-Za-z0-9/+=])                                  # AWS, its other half
    | \bSG\.[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{10,}                         # SendGrid
    | \b[MN][A-Za-z0-9_-]{23,}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,}       # Discord
    | \b\d{8,10}:[A-Za-z0-9_-]{35}\b                                       # Telegram
    | (?<![A-Za-z0-9])[0-9a-fA-F]{32,}(?![A-Za-z0-9])                      # any key in hex
    | (?<![A-Za-z0-9])(?=[A-Za-z0-9]*[A-Z])(?=[A-Za-z0-9]*[a-z])
      (?=(?:[A-Za-z]*[0-9]){3})[A-Za-z0-9]{24,}(?![A-Za-z0-9])             # or in base 62
    """,
    re.VERBOSE,
)

_NAMED = re.compile(
    r"""(?ix)
    \b(?P<name>(?:[\w-]{0,40}?(?:api[_-]?key|access[_-]?key|private[_-]?key|secret|password|passwd
        |passphrase|pwd|token|credentials?|authorization|auth[_-]?key|cookie)))
    ["']? \s* (?:=|:) \s* ["']?
    (?:(?:bearer|basic|token|apikey)\s+)?
    (?P<value>[^\s"'&,;<>]{4,})
    """
)

_SCHEME = re.compile(
    r"(?i)\b(?P<name>bearer|basic)\s+(?P<value>(?=[a-z._~+/-]*[0-9=])[a-z0-9._~+/=-]{8,})"
)
_LOGIN = re.compile(
    r"(?<![A-Za-z0-9+.-])(?P<name>[A-Za-z][A-Za-z0-9+.-]{0,20}://)(?P<value>[^\s/@\"']{1,500})@"
)
_REFERENCE = re.compile(r"\$?\{?\{?[A-Za-z_][A-Za-z0-9_]*\}?\}?")


def looks_secret(key: str, value: object) -> bool:
    """Whether a setting is a secret by its name or by the form of its value.

    Called before a setting is written to a chat, a log or another shared place. What
    only names an environment variable (``${NAME}``) is none.

    Args:
        key: The last part of its name, such as ``api_key``.
        value: What is set: text, or anything that JSON knows.
    """
    if isinstance(value, str):
        if not value.strip() or (value.startswith("${") and _REFERENCE.fullmatch(value)):
            return False
        return secret_name(key) or without_secrets(value) != value
    if isinstance(value, bool) or value is None:
        return False
    if isinstance(value, int | float):
        return _words(key)[-1:] in (["pin"], ["password"], ["passcode"], ["pwd"])
    if isinstance(value, list | tuple):
        return any(looks_secret(key, item) for item in value)
    if isinstance(value, dict):
        return any(looks_secret(str(name), item) for name, item in value.items())
    return secret_name(key)


def secret_name(key: str) -> bool:
    """Whether a name says that what it stands for is secret: ``api_key``, ``X-Auth-Token``."""
    words = _words(key)
    if not words:
        return False
    return not _ALONE.isdisjoint(words) or words[-1] in _LAST


def without_secrets(text: str, instead: str = "…") -> str:
    """Return ``text`` with ``instead`` in place of everything that looks like a secret."""
    text = _FORMS.sub(lambda _: instead, text)
    for pattern in (_LOGIN, _NAMED, _SCHEME):
        text = pattern.sub(lambda match: _without_value(match, instead), text)
    return text


def _without_value(match: re.Match[str], instead: str) -> str:
    value = match["value"]
    if _REFERENCE.fullmatch(value) and value.startswith("$"):
        return match[0]
    if value == instead:
        return match[0]
    start, end = match.span("value")
    return match[0][: start - match.start()] + instead + match[0][end - match.start() :]


def _words(key: str) -> list[str]:
    return [word.casefold() for word in _SPLIT.split(key) if word]
