"""What of the server's environment an agent gets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

COMMON = ("DBUS_SESSION_BUS_ADDRESS",)
"""Beside what every process gets: how to reach the keyring, where logins may be."""


def passed(environment: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return those of ``names`` that are set; one ending in ``*`` stands for all with that start.

    Empty values are left out: agents take them for a key that is there.
    """
    found: dict[str, str] = {}
    for name in names:
        if name.endswith("*"):
            start = name[:-1]
            found.update({k: v for k, v in environment.items() if k.startswith(start) and v})
        elif environment.get(name):
            found[name] = environment[name]
    return found
