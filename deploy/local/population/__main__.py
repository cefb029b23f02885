"""Shows some of the population, or measures how fast it is made: `python -m deploy.local.population --help`."""

import argparse
import hashlib
import json
import resource
import time
from dataclasses import asdict
from datetime import date

from deploy.local.population.generate import Population

KIBIBYTES_OF_A_MEBIBYTE = 1_024


def main() -> None:
    """Read the arguments, and print children as JSON lines or one line of figures."""
    arguments = argparse.ArgumentParser(prog="python -m deploy.local.population", description=__doc__)
    arguments.add_argument("--children", type=int, default=20, help="how many (%(default)s)")
    arguments.add_argument("--seed", type=int, default=1, help="the same seed gives the same children (%(default)s)")
    arguments.add_argument(
        "--today", type=date.fromisoformat, default=date(2026, 9, 1), help="the day ages refer to (%(default)s)"
    )
    arguments.add_argument("--measure", action="store_true", help="print figures instead of children")
    chosen = arguments.parse_args()
    population = Population(seed=chosen.seed, children=chosen.children, today=chosen.today)
    if chosen.measure:
        measure(population)
        return
    for child in population:
        print(json.dumps(asdict(child), default=_in_words, ensure_ascii=False))


def measure(population: Population) -> None:
    """Print children and involvements, children a second on this core, the peak of memory, and a digest to compare."""
    started = time.perf_counter()
    involvements = sum(len(child.involvements) for child in population)
    seconds = time.perf_counter() - started
    digest = hashlib.sha256()
    for child in population:
        digest.update(f"{child.key} {child.name} {child.date_of_birth} {child.address.postcode}\n".encode())
    figures = {
        "children": len(population),
        "providers": len(population.providers),
        "involvements": involvements,
        "seconds": round(seconds, 2),
        "children_a_second": round(len(population) / seconds),
        "peak_mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // KIBIBYTES_OF_A_MEBIBYTE,
        "digest": digest.hexdigest()[:16],
    }
    print(json.dumps(figures))


def _in_words(thing: object) -> str:
    """Return what JSON has no form for: dates as ISO, coded values by their words."""
    return thing.isoformat() if isinstance(thing, date) else str(getattr(thing, "value", thing))


if __name__ == "__main__":
    main()
