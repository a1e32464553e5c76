"""Streaming a reply: `ReplyWriter` against one update a chunk, on both transports."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.measure import Measure, median
from benchmarks.streams import Case, Streamed, write_each_chunk, write_with_persona

SHORT, LONG = 2_000, 10_000
FEWER_BYTES = {SHORT: 20.0, LONG: 100.0}
GROWTH = 1.15
LESS_CPU = 10.0
OLDEST = 1.0
HEAVY_FRAME = 0.05
SHARE = 0.05

_TRANSPORTS = ("ws", "rtc")


def measure(*, full: bool) -> Iterator[Measure]:
    """Yield every figure of streaming.

    Args:
        full: In real time, all cases, several times; else without sitting out the waiting.
    """
    for transport in _TRANSPORTS:
        for earlier in (0, 1_000):
            written: dict[int, Streamed] = {}
            peers: dict[int, Streamed] = {}
            for chunks in (SHORT, LONG):
                case = Case(transport, chunks, earlier)
                # The peer rewrites the file 10,000 times here: only in a full run. What it
                # sends to the browser does not depend on earlier messages.
                slow = case == Case("ws", LONG, 1_000)
                rounds = 3 if full and chunks == SHORT else 1
                runs, others = _side_by_side(case, rounds, full=full, peer=full or not slow)
                written[chunks], peers[chunks] = runs[0], others[0] if others else peers[SHORT]
                for found in _of_one(case, runs, others):
                    yield replace(found, case=str(case))
            yield _growth(Case(transport, LONG, earlier), written, peers)


def _side_by_side(
    case: Case, rounds: int, *, full: bool, peer: bool
) -> tuple[list[Streamed], list[Streamed]]:
    runs: list[Streamed] = []
    others: list[Streamed] = []
    for _ in range(rounds):
        runs.append(write_with_persona(case, real_time=full))
        if peer:
            others.append(write_each_chunk(case))
    return runs, others


def _of_one(case: Case, runs: list[Streamed], others: list[Streamed]) -> Iterator[Measure]:
    size = median([run.bytes for run in runs])
    cpu = median([run.cpu for run in runs])
    if others:
        peer_size = median([other.bytes for other in others])
        peer_cpu = median([other.cpu for other in others])
        yield Measure(
            "streaming",
            "fewer bytes to the browser",
            peer_size / size,
            "x",
            FEWER_BYTES[case.chunks],
            "min",
            {"KB": size / 1e3, "KB, one update a chunk": peer_size / 1e3}
            | {"frames": median([run.frames for run in runs])},
        )
        heavy = case.transport == "ws" and case.earlier > 0
        yield Measure(
            "streaming",
            "less CPU in the server",
            peer_cpu / cpu,
            "x",
            LESS_CPU if heavy else None,
            "min",
            {"CPU s": cpu, "CPU s, one update a chunk": peer_cpu}
            | {"MB to disk": runs[0].disk / 1e6, "MB, one a chunk": others[0].disk / 1e6},
        )
    everything = [*runs, *others]
    yield Measure(
        "streaming",
        "replies that did not end exact",
        sum(not run.exact for run in everything),
        "",
        0,
    )
    yield Measure(
        "streaming",
        "turns of the event loop until the first text is sent",
        max(run.first_turns for run in runs),
        "",
        1,
    )
    cost = max(run.worst_cost for run in runs)
    yield Measure(
        "streaming",
        "oldest text in any frame",
        median([run.worst_age for run in runs]),
        "s",
        # A frame that takes so long by itself may come later: else it would fill the time.
        None if median([run.worst_cost for run in runs]) > HEAVY_FRAME else OLDEST,
        detail={"costliest frame, ms": cost * 1e3},
    )
    yield Measure(
        "streaming",
        "part of the time spent on writing",
        median([run.share for run in runs]) * 100,
        "%",
        SHARE * 100,
    )


def _growth(case: Case, written: dict[int, Streamed], peers: dict[int, Streamed]) -> Measure:
    def exponent(runs: dict[int, Streamed]) -> float:
        return math.log(runs[LONG].bytes / runs[SHORT].bytes) / math.log(LONG / SHORT)

    detail = {} if peers[LONG] is peers[SHORT] else {"one update a chunk": exponent(peers)}
    return Measure(
        "streaming",
        f"growth exponent of bytes from {SHORT:,} chunks",
        exponent(written),
        "",
        GROWTH,
        detail=detail,
        case=str(case),
    )
