"""An MCP server with two tools that look at this workspace. It changes nothing."""

from __future__ import annotations

import csv
from pathlib import Path

try:
    from mcp.server import MCPServer
except ImportError:  # mcp 1
    from mcp.server.fastmcp import FastMCP as MCPServer  # type: ignore[attr-defined, no-redef]

ROOT = Path(__file__).resolve().parents[2]
server = MCPServer("workspace")


@server.tool()
def list_files() -> list[str]:
    """List the files of the workspace with their sizes."""
    files = (p for p in sorted(ROOT.rglob("*")) if p.is_file())
    shown = [p.relative_to(ROOT) for p in files]
    return [
        f"{path.as_posix()} ({(ROOT / path).stat().st_size} bytes)"
        for path in shown
        if not any(part.startswith(".") for part in path.parts)
    ][:200]


@server.tool()
def summarise_csv(name: str) -> dict[str, str]:
    """Count the rows of a CSV file of the workspace and give the range of each column."""
    path = (ROOT / name).resolve()
    if not path.is_relative_to(ROOT) or path.suffix != ".csv" or not path.is_file():
        raise ValueError(f"{name} is not a CSV file of this workspace")
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    summary = {"rows": str(len(rows))}
    for column in rows[0] if rows else ():
        summary[column] = _range([row[column] for row in rows])
    return summary


def _range(values: list[str]) -> str:
    given = [value for value in values if value]
    missing = f", {len(values) - len(given)} missing" if len(given) < len(values) else ""
    if not given:
        return "empty"
    try:
        numbers = sorted(map(float, given))
    except ValueError:
        return f"{min(given)} to {max(given)}, {len(set(given))} different{missing}"
    return f"{numbers[0]:g} to {numbers[-1]:g}{missing}"


if __name__ == "__main__":
    server.run()
