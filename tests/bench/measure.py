"""A row of the bench: ours beside the limit, measured in turns in the same run."""

import gc
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Row:
    """`ours` and `limit` in `unit`: seconds or ms (less is better), or something a second (more is better)."""

    work: str
    scale: int
    ours: float
    limit: float
    unit: str
    goal: float

    @property
    def ratio(self) -> float:
        return self.limit / self.ours if self.unit.endswith("/s") else self.ours / self.limit

    def as_json(self) -> dict[str, object]:
        rounded = {"ours": round(self.ours, 4), "limit": round(self.limit, 4), "ratio": round(self.ratio, 2)}
        return {**asdict(self), **rounded, "met": self.ratio <= self.goal}


def seconds(work: Callable[[], object], before: Callable[[], object] | None = None) -> float:
    if before:
        before()
    gc.collect()
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def in_turns(
    ours: Callable[[], object],
    limit: Callable[[], object],
    *,
    rounds: int = 3,
    before_ours: Callable[[], object] | None = None,
    before_limit: Callable[[], object] | None = None,
) -> tuple[float, float]:
    """The quickest of `rounds` runs of each, run in turns so that a noisy machine is noisy for both."""
    times = [(seconds(ours, before_ours), seconds(limit, before_limit)) for _ in range(rounds)]
    return min(time for time, _other in times), min(time for _ours, time in times)


def p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95)]
