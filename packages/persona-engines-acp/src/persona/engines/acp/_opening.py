"""A session is opened: the one that is stored, if the agent still has it, else a new one."""

from __future__ import annotations

import logging

from persona.core import TurnError
from persona.engines.acp._agent import Agent
from persona.engines.acp._session import Session
from persona.engines.acp._transport import JsonObject


async def open_session(
    agent: Agent, params: JsonObject, stored: str | None, log: logging.Logger
) -> Session:
    """Open a session: the stored one if the agent still has it, else a new one.

    Args:
        agent: The agent.
        params: ``cwd``, ``mcpServers`` and further members of the request.
        stored: Id of an earlier session of the same persona, chat and settings.
        log: Logger.

    Raises:
        TurnError: The agent refused.
        ConnectionError: The agent is gone.
    """
    # One that is in use belongs to an engine that is being replaced, which will close it.
    if stored is not None and not agent.serves(stored):
        # Resuming is preferred: loading sends the whole conversation once more.
        ways: tuple[tuple[str, tuple[str, ...]], ...] = (
            ("session/resume", ("sessionCapabilities", "resume")),
            ("session/load", ("loadSession",)),
        )
        for method, capability in ways:
            if agent.can(*capability):
                session = await _reopened(agent, method, params, stored, log)
                if session is not None:
                    return session
    answer = await agent.request("session/new", params, "open a session")
    session_id = answer.get("sessionId")
    if not isinstance(session_id, str) or not session_id:
        raise TurnError(
            f"{agent.row.name} opened a session without an id.",
            fix="Update it; this is a defect of the agent.",
            kind="protocol",
        )
    session = Session(agent, session_id, params["cwd"], log)
    agent.attach(session_id, session)
    session.opened(answer, resumed=False)
    return session


async def _reopened(
    agent: Agent, method: str, params: JsonObject, stored: str, log: logging.Logger
) -> Session | None:
    session = Session(agent, stored, params["cwd"], log)
    agent.attach(stored, session)  # what is replayed comes outside of a turn: dropped
    answer: JsonObject | None = None
    try:
        answer = await agent.request(method, {**params, "sessionId": stored}, "go on")
    except TurnError as exc:
        if exc.kind == "login":
            raise
        log.debug("%s: %s failed: %s", agent.row.name, method, exc.summary)
        return None
    finally:
        if answer is None:  # also when nobody waits for it any more
            agent.detach(stored)
    session.opened(answer, resumed=True)
    return session
