"""Runs damages, chains and events through the gate and says what it caught."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path

from tests.damages.chains import CHAINS, Chain
from tests.damages.damages import ALL, DAMAGES, SHARES, Damage, applicable, without_effect
from tests.damages.events import EVENTS, Event
from tests.damages.exports import Export, Shop
from tests.damages.judging import Answer, Distance, Gate, distance
from tests.damages.shops import NAMES, shop

SORTS = {"damages": DAMAGES, "chains": CHAINS, "events": EVENTS}
ACCEPTS = 3  # after which an event is never accepted


@dataclass(frozen=True)
class Found:
    """What the gate said of one case: a line of the table."""

    shop: str
    case: str
    sort: str  # damage, chain, event or sound
    kind: int | None
    of: str
    says: str
    share: float | None
    verdict: str
    blocked_by: tuple[str, ...] = ()
    warned_by: tuple[str, ...] = ()
    messages: tuple[str, ...] = ()
    distance: Distance | None = None
    seconds: float = 0.0
    steps: tuple[str, ...] = field(default=())

    def line(self) -> str:
        share = f"{self.share:.1%}" if self.share is not None else ""
        off = shown(self.distance) if self.distance else ""
        by = ", ".join(name.partition(".")[2] for name in self.blocked_by or self.warned_by)
        return f"{self.shop:7}{self.case:42}{share:>7}  {self.verdict:16}{off:34} {by} {' '.join(self.steps)}"


def shown(off: Distance) -> str:
    parts = (
        f"{off.retention * 100:6.2f}",
        f"{off.revenue:+8.1%}",
        f"{off.revenue_of_a_month:+8.1%}",
        f"{off.orders:+7.1%}",
    )
    return " ".join(parts)


HEADER = f"{'shop':7}{'case':42}{'share':>7}  {'verdict':16}{'retent.  revenue  a month  orders':34} by"


def damaged(gate: Gate, of: Shop, cases: Sequence[tuple[Damage, float]]) -> Iterator[Found]:
    """The sound refresh, and each damage of that refresh."""
    before = of.export(of.last_day - timedelta(days=of.days_between))
    now = of.export(of.last_day)
    known = {row["order_id"] for row in before.orders}
    begin(gate, of, before)
    started = time.monotonic()
    truth = gate.refresh(of.name, now)
    assert truth.figures is not None, truth
    yield found(of, "nothing_wrong", "sound", None, "", "The export is sound.", None, truth, truth, started)
    for damage, share in cases:
        started = time.monotonic()
        if not applicable(damage, now):
            continue
        export = damage.done_to(now, known, of.last_day, share)
        if without_effect(now, export):
            continue
        gate.restore(of.name)
        answer = gate.refresh(of.name, export)
        yield found(of, damage.name, "damage", damage.kind, damage.of, damage.says, share, answer, truth, started)


def begin(gate: Gate, of: Shop, export: Export) -> None:
    """Publish a sound baseline and keep it."""
    answer = gate.begin(of.name, export)
    assert not answer.is_caught, answer
    gate.keep(of.name)


def found(
    of: Shop, case: str, sort: str, kind: int | None, hit: str, says: str, share: float | None,
    answer: Answer, truth: Answer, started: float,
) -> Found:  # fmt: skip
    off = distance(answer.figures, truth.figures) if answer.figures and truth.figures else None
    return Found(
        of.name, case, sort, kind, hit, says, share, answer.verdict, answer.blocked_by, answer.warned_by, answer.says,
        off, time.monotonic() - started,
    )  # fmt: skip


def followed(gate: Gate, of: Shop, chain: Chain) -> Found:
    """A chain to its end: what passes is published; after a block readers keep what they had."""
    started = time.monotonic()
    exports = list(chain.exports(of))
    begin(gate, of, exports[0][1])
    answers = [gate.refresh(of.name, export, publish=True) for _, export in exports[1:]]
    gate.restore(of.name)
    truth = gate.refresh(of.name, of.export(exports[-1][0]))
    off = distance(answers[-1].figures, truth.figures) if answers[-1].figures and truth.figures else None
    caught = [number for number, answer in enumerate(answers, start=1) if answer.is_caught]
    return Found(
        of.name, chain.name, "chain", 7, "", chain.says, None,
        f"blocked at {caught[0]}" if caught else answers[-1].verdict,
        names(answers, lambda answer: answer.blocked_by), names(answers, lambda answer: answer.warned_by),
        tuple(text for answer in answers for text in answer.says), off, time.monotonic() - started,
        tuple(answer.verdict for answer in answers),
    )  # fmt: skip


def happened(gate: Gate, of: Shop, event: Event) -> Found:
    """An event: what is blocked is accepted, and what follows must pass by itself."""
    started = time.monotonic()
    answers: list[Answer] = []
    steps: list[str] = []
    accepted = 0
    for number, export in enumerate(event.exports(of)):
        answer = gate.refresh(of.name, export, publish=True) if number else gate.begin(of.name, export)
        answers.append(answer)
        tries = 0
        while answer.verdict == "blocked" and tries < ACCEPTS:
            tries += 1
            answer = accept(gate, of.name, export, answer)
            answers.append(answer)
        accepted += tries
        steps.append("refused" if answer.is_caught else f"accepted {tries}x" if tries else answer.verdict)
    verdict = (
        "refused" if "refused" in steps
        else f"accepted {accepted}x" if accepted
        else "warned" if "warned" in steps else "passed"
    )  # fmt: skip
    return Found(
        of.name, event.name, "event", None, "", event.says, None, verdict,
        names(answers, lambda answer: answer.blocked_by), names(answers, lambda answer: answer.warned_by),
        tuple(text for answer in answers for text in answer.says), None, time.monotonic() - started, tuple(steps),
    )  # fmt: skip


def accept(gate: Gate, name: str, export: Export, blocked: Answer) -> Answer:
    return gate.refresh(
        name, export, publish=True, accepted_build=blocked.build_id, accepted_reason="it is as it should be"
    )


def names(answers: Sequence[Answer], of: Callable[[Answer], Sequence[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for answer in answers for name in of(answer)))


def run(
    gate: Gate, shops: Sequence[str], share: float | None, only: Sequence[str], tell: Callable[[str], None]
) -> Iterator[Found]:
    """Every case that was asked for, one after the other."""
    for name in shops:
        of = shop(name)
        cases = [
            (damage, part)
            for part in ((share,) if share else (*SHARES, *ALL))
            for damage in DAMAGES.values()
            if (not only or damage.name in only) and part in damage.shares
        ]
        chains = [chain for chain in CHAINS.values() if not only or chain.name in only]
        events = [event for event in EVENTS.values() if not only or event.name in only]
        total = len(cases) + len(chains) + len(events)
        tell(f"{name}: {len(cases)} damages, {len(chains)} chains, {len(events)} events")
        done = 0
        if cases:
            for result in damaged(gate, of, cases):
                done += result.sort == "damage"
                tell(f"[{done:3}/{total}] {result.line()}")
                yield result
        for chain in chains:
            done += 1
            result = followed(gate, of, chain)
            tell(f"[{done:3}/{total}] {result.line()}")
            yield result
        for event in events:
            done += 1
            result = happened(gate, of, event)
            tell(f"[{done:3}/{total}] {result.line()}")
            yield result


def summary(results: Sequence[Found]) -> str:
    """How many of each kind were caught, by shop and share."""
    lines = []
    groups: dict[tuple[str, float | None], list[Found]] = {}
    for result in results:
        if result.sort == "damage":
            groups.setdefault((result.shop, result.share), []).append(result)
    for (name, share), of in groups.items():
        caught = sum(result.verdict in ("blocked", "failed") for result in of)
        warned = sum(result.verdict == "warned" for result in of)
        lines.append(f"{name:7} at {share:.1%}: {caught} of {len(of)} damages blocked, {warned} only warned of")
    for sort in ("chain", "event"):
        of = [result for result in results if result.sort == sort]
        if of:
            verdicts = {verdict: sum(result.verdict == verdict for result in of) for verdict in {r.verdict for r in of}}
            lines.append(
                f"{sort}s: " + ", ".join(f"{number} {verdict}" for verdict, number in sorted(verdicts.items()))
            )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.damages", description=__doc__)
    parser.add_argument(
        "--shop", choices=NAMES, action="append", help="the sample and the middle shop if none is named"
    )
    parser.add_argument("--share", type=float, help="of the rows, such as 0.03; 0.5, 3 and 30 %% if none is named")
    parser.add_argument("--only", action="append", default=[], help="a damage, chain or event; damages, chains, events")
    parser.add_argument("--json", type=Path, help="where to write what was found")
    given = parser.parse_args(arguments)
    only = [name for word in given.only for name in SORTS.get(word, (word,))]
    if unknown := sorted(set(only) - {*DAMAGES, *CHAINS, *EVENTS}):
        parser.error(f"there is no {unknown[0]}; there are {', '.join([*DAMAGES, *CHAINS, *EVENTS])}")
    tell = partial(print, flush=True)
    results: list[Found] = []
    with tempfile.TemporaryDirectory(prefix="damages-") as folder:
        gate = Gate(Path(folder))
        tell("importing and parsing ...")
        tell(HEADER)
        try:
            for result in run(gate, given.shop or NAMES[:2], given.share, only, tell):
                results.append(result)
                if given.json:
                    given.json.write_text(
                        json.dumps([asdict(result) for result in results], indent=1), encoding="utf-8"
                    )
        finally:
            gate.stop()
    print(summary(results))
    return 0
