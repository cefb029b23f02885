"""The search inside the directory: recall with slips, time a question, time to load, memory; no network or database."""

import argparse
import gc
import json
import multiprocessing
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import cast

from deploy.local.population.child import Child, Gender, Name, Precision
from deploy.local.population.damage import day_and_month_swapped, misheard, mistyped
from deploy.local.population.draw import Draw
from deploy.local.population.generate import Population
from services.directory.domain import names
from services.directory.domain.candidates import Entry
from services.directory.domain.dates import DateOfBirth
from services.directory.domain.matching import Question
from services.directory.index.changes import Added
from services.directory.index.keys import IndexKey
from services.directory.index.memory import Index

TODAY = date(2026, 9, 1)
FIRST = 10
MOST_ROWS = 20
GENDERS = {
    Gender.FEMALE: names.Gender.FEMALE,
    Gender.MALE: names.Gender.MALE,
    Gender.NOT_SPECIFIED: names.Gender.NOT_SPECIFIED,
}
BATCH = 20_000
PIECE = 1 << 20
KEY = IndexKey(bytes(32), environment="bench")


@dataclass(frozen=True)
class Typed:
    """What is typed for a child in one scenario."""

    surname: str
    given_names: str
    born: date


def main() -> None:
    """Measure and print one line of JSON; with --out, write it to a file and draw its plot beside it."""
    arguments = argparse.ArgumentParser(prog="python -m bench.search", description=__doc__)
    arguments.add_argument("--children", type=int, default=20_000)
    arguments.add_argument("--questions", type=int, default=1_000, help="of each scenario")
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--out", type=Path, help="JSON file; an SVG of the same name is drawn beside it")
    chosen = arguments.parse_args()
    figures = measure(children=chosen.children, questions=chosen.questions, seed=chosen.seed)
    print(json.dumps(figures))
    if chosen.out:
        chosen.out.write_text(json.dumps(figures, indent=2) + "\n")
        drawn(figures, chosen.out.with_suffix(".svg"))


def measure(*, children: int, questions: int, seed: int) -> dict[str, object]:
    """Return the figures of one run. Another process builds the index, so that this one's memory is what it loads."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "index"
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            built, asked = pool.apply(build, (children, questions, seed, path))
        gc.collect()
        before = memory_bytes()
        started = time.perf_counter()
        index = Index(KEY)
        index.load(pieces_of(path))
        loaded = time.perf_counter() - started
        held = memory_bytes() - before
    gc.collect()
    gc.freeze()
    draw = Draw(f"{seed}/bench")
    return {
        "bench": "search",
        "children": children,
        "entries": index.entries,
        "build_seconds": round(built, 2),
        "load_seconds": round(loaded, 3),
        "resident_megabytes": round(held / 1e6, 1),
        "resident_bytes_an_entry_both_families": round(held / max(1, index.entries), 1),
        "scenarios": {
            name: asked_all(index, asked, draw, typed, by_year=name.startswith("year"))
            for name, typed in SCENARIOS.items()
        },
    }


def build(children: int, questions: int, seed: int, path: Path) -> tuple[float, list[tuple[int, Child]]]:
    """Write the index of a population to a file; return the seconds it took, and the children to ask for."""
    index, asked = Index(KEY), []
    chosen = set(random.Random(seed).sample(range(children), min(questions, children)))
    started = time.perf_counter()
    batch: list[Added] = []
    for number, child in enumerate(Population(seed=seed, children=children, today=TODAY), start=1_000_000_000):
        batch += [Added(entry) for entry in entries_of(KEY, number, child)]
        if child.key in chosen:
            asked.append((number, child))
        if len(batch) >= BATCH:
            index.apply(batch)
            batch = []
            print(f"{child.key + 1:,} children", end="\r", file=sys.stderr)
    index.apply(batch)
    seconds = time.perf_counter() - started
    with path.open("wb") as file:
        file.writelines(index.dumped().pieces)
    return seconds, asked


def pieces_of(path: Path) -> Iterator[bytes]:
    """Yield a file in pieces of the size of a snapshot's parts."""
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def entries_of(key: IndexKey, number: int, child: Child) -> Iterator[Entry]:
    """Yield the entries of a child of the population."""
    born = child.date_of_birth
    held = DateOfBirth(
        born.year,
        born.month if child.precision is not Precision.YEAR else 0,
        born.day if child.precision is Precision.DAY else 0,
        is_estimated=child.precision is not Precision.DAY,
    )
    tag = key.postcode_tag(number, child.address.postcode)
    for name, is_former in ((child.name, False), *((former, True) for former in child.former_names)):
        yield Entry(
            number=number,
            is_former=is_former,
            name=shaped(child, name),
            date_of_birth=held,
            gender=GENDERS[child.gender],
            postcode_tag=tag,
        )


def shaped(child: Child, name: Name) -> names.ChildName:
    """Return a name of the population in the directory's shape."""
    if not name.given_names:
        single = names.ChildName.not_yet_named if child.is_not_yet_named else names.ChildName.single
        return single(name.surname)
    return names.ChildName.full(name.surname, name.given_names)


def exact(child: Child, draw: Draw) -> Typed:
    """What a careful person types."""
    born = child.date_of_birth
    if child.precision is not Precision.DAY:
        born = date(
            born.year, born.month if child.precision is Precision.MONTH else draw.between(1, 12), draw.between(1, 28)
        )
    return Typed(child.name.surname, child.name.given_names.partition(" ")[0], born)


def edited(child: Child, draw: Draw) -> Typed:
    """One edit in each name."""
    typed = exact(child, draw)
    return Typed(mistyped(typed.surname, draw), mistyped(typed.given_names, draw), typed.born)


def edited_and_slipped(child: Child, draw: Draw) -> Typed:
    """One edit in each name and a slip of the date."""
    typed = edited(child, draw)
    return Typed(typed.surname, typed.given_names, slipped(typed.born, draw))


def sounding(child: Child, draw: Draw) -> Typed:
    """Both names spelt as they sound."""
    typed = exact(child, draw)
    return Typed(misheard(typed.surname, draw), misheard(typed.given_names, draw), typed.born)


def swapped(child: Child, draw: Draw) -> Typed:
    """The names in the other order."""
    typed = exact(child, draw)
    return Typed(typed.given_names or typed.surname, typed.surname if typed.given_names else "", typed.born)


def by_former_name(child: Child, draw: Draw) -> Typed:
    """The name before the present one, where there is one."""
    typed = exact(child, draw)
    if not child.former_names:
        return typed
    former = child.former_names[-1]
    return Typed(former.surname, former.given_names.partition(" ")[0], typed.born)


def slipped(born: date, draw: Draw) -> date:
    """Return a date swapped, or off by one day."""
    if draw.chance(1 / 3) and day_and_month_swapped(born) != born:
        return day_and_month_swapped(born)
    return born + timedelta(days=1 if draw.chance(0.5) else -1)


SCENARIOS: dict[str, Callable[[Child, Draw], Typed]] = {
    "exact": exact,
    "one edit in each name": edited,
    "one edit in each name and a date slip": edited_and_slipped,
    "sound-alike": sounding,
    "names swapped": swapped,
    "former name": by_former_name,
    "year only, exact": exact,
    "year only, one edit in each name": edited,
}


def asked_all(
    index: Index, asked: list[tuple[int, Child]], draw: Draw, typed: Callable[[Child, Draw], Typed], *, by_year: bool
) -> dict[str, float]:
    """Ask for each child in one way, by day or by year alone; return recall among the first ten and 64, and times."""
    times, found, shown, asked_for = [], 0, 0, 0
    for number, child in asked:
        what = typed(child, draw)
        if by_year and not what.given_names:
            continue
        born = DateOfBirth(what.born.year) if by_year else DateOfBirth(what.born.year, what.born.month, what.born.day)
        question = Question(
            surname=what.surname,
            given_names=what.given_names,
            date_of_birth=born,
            is_not_yet_named=child.is_not_yet_named and not what.given_names,
        )
        started = time.perf_counter()
        candidates = index.search(question)
        times.append(1000 * (time.perf_counter() - started))
        numbers = [candidate.current.number for candidate in candidates]
        # What the ledger lets through: the narrowest tier, if it has no more than twenty.
        narrowest = [one.current.number for one in candidates if one.tier == candidates[0].tier]
        shown += number in narrowest and len(narrowest) <= MOST_ROWS
        asked_for += 1
        found += number in numbers[:FIRST]
    times.sort()
    return {
        "asked": asked_for,
        "recall_at_10": round(found / max(1, asked_for), 4),
        "shown_in_the_narrowest_tier": round(shown / max(1, asked_for), 4),
        "p50_ms": round(statistics.median(times), 2),
        "p99_ms": round(times[int(len(times) * 0.99)], 2),
    }


def memory_bytes() -> int:
    """Return what this process holds in memory now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize()


def drawn(figures: dict[str, object], path: Path) -> None:
    """Draw recall and times of the scenarios."""
    import matplotlib.pyplot as plt  # noqa: PLC0415  # only for who wants a plot

    scenarios = cast("dict[str, dict[str, float]]", figures["scenarios"])
    labels = list(scenarios)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), sharey=True)
    left.barh(labels, [scenarios[label]["recall_at_10"] for label in labels], color="#1d70b8")
    left.set_xlabel("recall among the first ten")
    right.barh(labels, [scenarios[label]["p99_ms"] for label in labels], color="#b1b4b6", label="p99")
    right.barh(labels, [scenarios[label]["p50_ms"] for label in labels], color="#1d70b8", label="p50")
    right.set_xlabel(f"milliseconds a question, {figures['children']:,} children")
    right.legend()
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    main()
