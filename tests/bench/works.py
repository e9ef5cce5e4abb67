"""What is measured, by name."""

from collections.abc import Callable, Iterator

from tests.bench import importing, pages, scores, segments, send, track
from tests.bench.measure import Row

Work = Callable[[int], Iterator[Row]]
WORKS: dict[str, Work] = {
    "import": importing.import_orders,
    "rescore:full": scores.full,
    "rescore:unchanged": scores.unchanged,
    "rescore:1pct": scores.one_percent,
    "segment": segments.segment,
    "page:customer": pages.customer,
    "page:customers": pages.customers,
    "page:growth": pages.growth,
    "search": pages.search,
    "send": send.send,
    "track": track.track,
}


def named(names: list[str]) -> list[Work]:
    """The works of these names, all variants where the colon part is left out; all works without a name."""
    for name in names:
        if not any(_fits(work, name) for work in WORKS):
            raise SystemExit(f"There is no work {name!r}. There are: {', '.join(WORKS)}")
    return [work for key, work in WORKS.items() if not names or any(_fits(key, name) for name in names)]


def _fits(work: str, name: str) -> bool:
    return work == name or work.partition(":")[0] == name
