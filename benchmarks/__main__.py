"""Run the benchmarks: `python -m benchmarks [--full] [--save] [--only TOPIC …]`.

Exit code 1 if a limit is missed twice in a row.
"""

from __future__ import annotations

import argparse
import importlib
import time

from benchmarks import report
from benchmarks.measure import Measure

TOPICS = ("imports", "listing", "catalog", "definitions", "startup", "streaming", "browser", "acp")


def take(topic: str, *, full: bool) -> list[Measure]:
    """Measure one topic and print each figure as it comes."""
    module = importlib.import_module(f"benchmarks.{topic}")
    found: list[Measure] = []
    for measure in module.measure(full=full):
        found.append(measure)
        print(report.line(measure), flush=True)
    return found


def main() -> int:
    """Measure, print each figure as it comes, and write the result."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="all cases, in real time")
    parser.add_argument(
        "--save",
        action="store_true",
        help="write the page and the reference; with --only the rest of them stays",
    )
    parser.add_argument("--only", nargs="+", choices=TOPICS, default=TOPICS, metavar="TOPIC")
    args = parser.parse_args()
    begun = time.monotonic()
    measures: list[Measure] = []
    for topic in args.only:
        found = take(topic, full=args.full)
        if not all(measure.ok for measure in found):
            # Something else on the machine disturbs one run; a real miss is there again.
            print(f"{topic}: a limit was missed, measuring once more", flush=True)
            found = take(topic, full=args.full)
        measures += found
    seconds = time.monotonic() - begun
    mode = "full" if args.full else "short"
    report.write_json(report.LATEST, measures, mode=mode, seconds=seconds)
    if args.save:
        if args.only != TOPICS and report.REFERENCE.exists():
            new = {
                measure.topic: [m for m in measures if m.topic == measure.topic]
                for measure in measures
            }
            kept = report.read_json(report.REFERENCE)
            topics = dict.fromkeys(m.topic for m in [*kept, *measures])
            measures = [m for t in topics for m in new.get(t, [k for k in kept if k.topic == t])]
        report.write_json(report.REFERENCE, measures, mode=mode, seconds=seconds)
        report.write_page(report.PAGE, measures)
    missed = [measure for measure in measures if not measure.ok]
    print(f"\n{len(measures)} figures in {seconds:.0f} s, {len(missed)} limits missed.")
    for measure in missed:
        print(report.line(measure))
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
