"""A scripted agent that speaks the Agent Client Protocol, as a process of its own.

Run it with ``python -m persona.testing.acp_agent --scenario FILE --state FOLDER``;
`persona.testing.ScriptedAgent` writes the scenario and gives the command. It needs nothing but
the standard library, so that it starts quickly when it is run by its file name.

A scenario is a JSON object; every member may be left out:

``protocolVersion``, ``agentInfo``, ``agentCapabilities``, ``authMethods``
    The answer to ``initialize``. Without ``agentCapabilities`` the agent can do everything.
``session``
    Further members of the answer to ``session/new``, ``session/load`` and ``session/resume``:
    ``configOptions``, ``modes``, ``models``. The agent keeps what is set.
``login``
    Path of a file: until it exists, opening a session is answered with ``auth_required``.
``wrapper``
    The program that is started only starts the agent and waits, as the shims of npm do.
``grandchild``
    The agent starts a process that would live for ten minutes, in a session of its own.
``deaf``
    The agent stays when its input ends, and when it is asked to end.
``rules``
    What happens: a list of objects with ``on`` (a method, or ``start``; by default
    ``session/prompt``), ``match`` (a regular expression that is looked for in a prompt's
    text), ``times`` (how often the rule holds, over all processes), ``steps``. The first rule
    that fits counts. A prompt without a rule is echoed.

Steps are objects with one of these members:

``text``, ``thought``       say it (``repeat``: so many times; ``pieces``: cut into such lengths;
                            ``pause``: seconds between)
``burst``                   say the text ``count`` times, in one go, for measurements
``echo``, ``recite``        say the prompt's text; say all prompts of the session
``update``                  send any ``session/update``
``permission``              ask (params without the session); then go on with the steps in
                            ``allowed``, ``rejected`` or ``cancelled``
``request``, ``notify``     send any ``{"method": …, "params": …}``; the answer is recorded
``set``                     change a config option: ``[id, value]``
``write``                   write a file: ``[path, text]``
``raw``, ``stderr``         write text as it is (``repeat``); ``raw`` adds no line end
``sleep``                   seconds; a cancel ends it and the turn
``hang``                    wait for a cancel
``stubborn``                wait for ever, deaf to a cancel
``exit``, ``kill``          end with an exit code; end by SIGKILL
``error``                   answer with ``{"code": …, "message": …}``
``stop``                    answer with this stop reason (``usage``: and this usage)
``result``                  answer with anything
``after``                   steps to take when the answer was sent

Everything that is received is recorded, one JSON object a line, in ``FOLDER/record.jsonl``:
``pid``, ``time`` and ``message``, and at the start ``start`` with ``argv``, ``env`` and ``cwd``.
Sessions are kept in the folder, so that another process can load them.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

__all__ = ["main"]

_EVERYTHING = {
    "loadSession": True,
    "promptCapabilities": {"image": True, "embeddedContext": True},
    "mcpCapabilities": {"http": True, "sse": True},
    "sessionCapabilities": {"resume": {}, "close": {}, "list": {}},
}
_SLEEPER = "import time; time.sleep(600)"


class _Answer(Exception):
    """A step that ends a request with an answer."""

    def __init__(self, result: Any = None, error: Any = None) -> None:
        super().__init__("answered")
        self.result = result
        self.error = error


class _Session:
    def __init__(self, session_id: str) -> None:
        self.id = session_id
        self.cancelled = threading.Event()
        self.said: list[str] = []


class _Agent:
    """The agent's end of the connection; each request has a thread of its own."""

    def __init__(self, scenario: Mapping[str, Any], state: Path) -> None:
        self._scenario = scenario
        self._state = state
        self._lock = threading.Lock()
        self._sessions: dict[str, _Session] = {}
        self._settings: dict[str, Any] = json.loads(json.dumps(scenario.get("session", {})))
        self._waiting: dict[str, tuple[threading.Event, list[Any]]] = {}
        self._later: threading.local = threading.local()

    # -- the connection ---------------------------------------------------------------

    def run(self) -> None:
        """Serve until the input ends."""
        self._record({"start": {"argv": sys.argv, "env": dict(os.environ), "cwd": str(Path.cwd())}})
        self._follow("start", _Session(""), "")
        for line in sys.stdin.buffer:
            try:
                message = json.loads(line)
            except ValueError:
                self._record({"garbage": line.decode("utf-8", "replace")})
                continue
            self._record({"message": message})
            self._take(message)

    def _take(self, message: dict[str, Any]) -> None:
        method, params = message.get("method"), message.get("params") or {}
        if method is None:
            waiting = self._waiting.pop(str(message.get("id")), None)
            if waiting is not None:
                waiting[1].append(message)
                waiting[0].set()
        elif method == "session/cancel":
            session = self._sessions.get(params.get("sessionId", ""))
            if session is not None:
                session.cancelled.set()
        elif "id" in message:
            if method == "session/prompt":  # here, so that a cancel cannot come before it
                session = self._session(params["sessionId"])
                session.cancelled.clear()
            work = threading.Thread(target=self._serve, args=(message["id"], method, params))
            work.daemon = True
            work.start()

    def _serve(self, request_id: Any, method: str, params: dict[str, Any]) -> None:
        self._later.steps = []
        session = self._sessions.get(params.get("sessionId", "")) or _Session("")
        text = _text_of(params.get("prompt", []))
        try:
            if method == "session/prompt":
                session = self._session(params["sessionId"])
                session.said.append(text)
            if not self._follow(method, session, text) and method == "session/prompt":
                self._say(session, f"You said: {text}")
            answer: dict[str, Any] = {"result": self._answer(method, params)}
            if method == "session/new":  # what comes after is of the session that is open now
                session = self._sessions[answer["result"]["sessionId"]]
        except _Answer as exc:
            answer = {"error": exc.error} if exc.error is not None else {"result": exc.result}
        if method == "session/prompt":
            self._keep(session)
        self._send({"id": request_id, **answer})
        self._steps(self._later.steps, session, text, guarded=False)

    def _answer(self, method: str, params: dict[str, Any]) -> Any:
        match method:
            case "initialize":
                return {
                    "protocolVersion": self._scenario.get("protocolVersion", 1),
                    "agentCapabilities": self._scenario.get("agentCapabilities", _EVERYTHING),
                    "authMethods": self._scenario.get("authMethods", []),
                    **_optional("agentInfo", self._scenario.get("agentInfo")),
                }
            case "session/new":
                self._want_login()
                session = _Session(f"session-{uuid.uuid4().hex[:12]}")
                self._sessions[session.id] = session
                self._keep(session)
                return {"sessionId": session.id, **self._settings}
            case "session/load" | "session/resume":
                self._want_login()
                session = self._session(params["sessionId"])
                if method == "session/load":
                    self._replay(session)
                return dict(self._settings)
            case "session/prompt":
                return {"stopReason": "end_turn"}
            case "session/set_config_option":
                self._set_option(params["configId"], params["value"])
                return {"configOptions": self._settings["configOptions"]}
            case "session/set_mode":
                self._settings["modes"]["currentModeId"] = params["modeId"]
                return {}
            case "session/set_model":
                if "models" not in self._settings:
                    raise _Answer(error={"code": -32601, "message": "Method not found"})
                self._settings["models"]["currentModelId"] = params["modelId"]
                return {}
            case "session/close":
                self._sessions.pop(params["sessionId"], None)
                return {}
        raise _Answer(error={"code": -32601, "message": "Method not found"})

    # -- rules and steps ---------------------------------------------------------------

    def _follow(self, method: str, session: _Session, text: str) -> bool:
        """Take the steps of the first rule that holds; say whether there was one."""
        for number, rule in enumerate(self._scenario.get("rules", [])):
            if _fits(rule, method, text) and self._use(number, rule.get("times")):
                self._steps(rule.get("steps", []), session, text)
                return True
        return False

    def _use(self, number: int, times: int | None) -> bool:
        if times is None:
            return True
        with self._lock:
            file = self._state / f"used-{number}"
            used = int(file.read_text()) if file.exists() else 0
            if used < times:
                file.write_text(str(used + 1))
        return used < times

    def _steps(
        self, steps: Sequence[Mapping[str, Any]], session: _Session, text: str, guarded: bool = True
    ) -> None:
        for step in steps:
            if guarded and session.cancelled.is_set():
                raise _Answer({"stopReason": "cancelled"})
            self._step(step, session, text)

    def _step(self, step: Mapping[str, Any], session: _Session, text: str) -> None:
        match next(iter(step)):
            case "text":
                self._pieces(step, session, "agent_message_chunk")
            case "thought":
                self._pieces(step, session, "agent_thought_chunk")
            case "burst":
                self._burst(session, str(step["burst"]), step["count"])
            case "echo":
                self._say(session, text)
            case "recite":
                self._say(session, "\n---\n".join(session.said))
            case "update":
                self._update(session, step["update"])
            case "permission":
                self._ask(step, session, text)
            case "request":
                self._request(step["request"]["method"], step["request"].get("params", {}))
            case "notify":
                self._send(dict(step["notify"]))
            case "set":
                self._set_option(*step["set"])
                options = {"configOptions": self._settings["configOptions"]}
                self._update(session, {"sessionUpdate": "config_option_update", **options})
            case "write":
                Path(step["write"][0]).write_text(step["write"][1], encoding="utf-8")
            case "raw":
                self._write(step["raw"].encode() * step.get("repeat", 1))
            case "stderr":
                sys.stderr.write(step["stderr"] * step.get("repeat", 1))
                sys.stderr.flush()
            case "sleep":
                if session.cancelled.wait(step["sleep"]):
                    raise _Answer({"stopReason": "cancelled"})
            case "hang":
                session.cancelled.wait()
                raise _Answer({"stopReason": "cancelled"})
            case "stubborn":
                threading.Event().wait()
            case "exit":
                sys.stdout.flush()
                os._exit(step["exit"])
            case "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            case "error":
                raise _Answer(error=step["error"])
            case "stop":
                raise _Answer({"stopReason": step["stop"], **_optional("usage", step.get("usage"))})
            case "result":
                raise _Answer(step["result"])
            case "after":
                self._later.steps = step["after"]
            case unknown:
                # A thread would swallow an exit, and the client would wait for ever.
                sys.stderr.write(f"unknown step {unknown!r}\n")
                sys.stderr.flush()
                os._exit(2)

    def _pieces(self, step: Mapping[str, Any], session: _Session, kind: str) -> None:
        text = str(step.get("text") or step.get("thought"))
        size = step.get("pieces") or len(text)
        for _ in range(step.get("repeat", 1)):
            for start in range(0, len(text), size):
                self._say(session, text[start : start + size], kind)
                if pause := step.get("pause"):
                    if session.cancelled.wait(pause):
                        raise _Answer({"stopReason": "cancelled"})
                elif session.cancelled.is_set():
                    raise _Answer({"stopReason": "cancelled"})

    def _burst(self, session: _Session, text: str, count: int) -> None:
        params = {"sessionId": session.id, "update": _chunk(text)}
        self._send({"method": "session/update", "params": params}, count)

    def _ask(self, step: Mapping[str, Any], session: _Session, text: str) -> None:
        params = {"sessionId": session.id, **step["permission"]}
        answer = self._request("session/request_permission", params)
        outcome = (answer.get("result") or {}).get("outcome") or {}
        branch = "cancelled"
        if outcome.get("outcome") == "selected":
            options = {o["optionId"]: o["kind"] for o in step["permission"]["options"]}
            kind = options[outcome["optionId"]]
            branch = "allowed" if kind.startswith("allow") else "rejected"
        elif branch not in step:
            raise _Answer({"stopReason": "cancelled"})
        self._steps(step.get(branch, []), session, text, guarded=branch != "cancelled")

    def _request(self, method: str, params: Any) -> dict[str, Any]:
        request_id = f"from-agent-{uuid.uuid4().hex[:8]}"
        arrived, answer = threading.Event(), []  # type: tuple[threading.Event, list[Any]]
        self._waiting[request_id] = (arrived, answer)
        self._send({"id": request_id, "method": method, "params": params})
        arrived.wait()
        return dict(answer[0])

    # -- sessions ------------------------------------------------------------------------

    def _session(self, session_id: str) -> _Session:
        if session_id not in self._sessions:
            file = self._state / f"{session_id}.json"
            if not file.exists():
                raise _Answer(error={"code": -32002, "message": "Session not found"})
            session = self._sessions[session_id] = _Session(session_id)
            session.said = json.loads(file.read_text())
        return self._sessions[session_id]

    def _keep(self, session: _Session) -> None:
        file = self._state / f"{session.id}.json"
        new = file.with_suffix(f".{os.getpid()}.new")
        new.write_text(json.dumps(session.said))
        new.replace(file)

    def _replay(self, session: _Session) -> None:
        for text in session.said:
            self._say(session, text, "user_message_chunk")
            self._say(session, f"(before) {text}")

    def _want_login(self) -> None:
        file = self._scenario.get("login")
        if file and not Path(file).exists():
            raise _Answer(error={"code": -32000, "message": "Authentication required"})

    def _set_option(self, option_id: str, value: Any) -> None:
        for option in self._settings.get("configOptions", []):
            if option["id"] == option_id:
                option["currentValue"] = value
                return
        raise _Answer(error={"code": -32602, "message": f"Unknown option {option_id}"})

    # -- sending ---------------------------------------------------------------------------

    def _say(self, session: _Session, text: str, kind: str = "agent_message_chunk") -> None:
        self._update(session, _chunk(text, kind))

    def _update(self, session: _Session, update: Mapping[str, Any]) -> None:
        params = {"sessionId": session.id, "update": update}
        self._send({"method": "session/update", "params": params})

    def _send(self, message: Mapping[str, Any], count: int = 1) -> None:
        line = json.dumps({"jsonrpc": "2.0", **message}).encode() + b"\n"
        self._write(line * count)

    def _write(self, data: bytes) -> None:
        with self._lock:
            sys.stdout.buffer.write(data)
            sys.stdout.buffer.flush()

    def _record(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps({"pid": os.getpid(), "time": time.time(), **entry}) + "\n"
        with (self._state / "record.jsonl").open("a", encoding="utf-8") as file:
            file.write(line)


def _fits(rule: Mapping[str, Any], method: str, text: str) -> bool:
    if rule.get("on", "session/prompt") != method:
        return False
    return re.search(rule.get("match", ""), text) is not None


def _chunk(text: str, kind: str = "agent_message_chunk") -> dict[str, Any]:
    return {"sessionUpdate": kind, "content": {"type": "text", "text": text}}


def _optional(name: str, value: Any) -> dict[str, Any]:
    return {} if value is None else {name: value}


def _text_of(prompt: Sequence[Mapping[str, Any]]) -> str:
    return "\n".join(str(block["text"]) for block in prompt if block.get("type") == "text")


def _start_grandchild(state: Path) -> None:
    child = subprocess.Popen([sys.executable, "-I", "-S", "-c", _SLEEPER], start_new_session=True)
    with (state / "grandchildren").open("a", encoding="utf-8") as file:
        file.write(f"{child.pid}\n")


def main(argv: Sequence[str] | None = None) -> None:
    """Run the agent with the arguments of a command line."""
    parser = argparse.ArgumentParser(prog="python -m persona.testing.acp_agent")
    parser.add_argument("--scenario", type=Path, required=True, help="file with the scenario")
    parser.add_argument("--state", type=Path, required=True, help="folder for record and sessions")
    parser.add_argument("--inner", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--version", action="version", version="scripted agent 1.2.3")
    options, _ = parser.parse_known_args(argv)
    scenario = json.loads(options.scenario.read_text(encoding="utf-8"))
    if scenario.get("wrapper") and not options.inner:
        sys.exit(subprocess.call([sys.executable, *sys.argv, "--inner"]))
    if scenario.get("grandchild"):
        _start_grandchild(options.state)
    _Agent(scenario, options.state).run()
    if scenario.get("deaf"):  # some agents stay when their input ends
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        while True:
            time.sleep(600)


if __name__ == "__main__":
    main()
