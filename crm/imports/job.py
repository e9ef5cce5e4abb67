"""An import under way."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from django.db.backends.utils import CursorWrapper

from crm import sql
from crm.imports import Kind
from crm.imports.presets import Preset
from crm.imports.progress import Progress
from crm.imports.reader import Source
from crm.models import Import, Shop


@dataclass
class Job:
    """What an import was asked, what it knows by now, and what it has counted."""

    work: Import
    kind: Kind
    preset: Preset
    source: Source
    places: Mapping[str, int]  # field → position of its column
    progress: Progress
    cursor: CursorWrapper
    shop: Shop
    is_first: bool  # into an empty shop: sets its currency and zone
    currency: str  # of amounts that name none
    timezone: str  # of times that name none
    counts: Counter[str] = field(default_factory=Counter)
    created: Counter[str] = field(default_factory=Counter)

    @property
    def options(self) -> Mapping[str, str]:
        return self.work.options

    @property
    def shop_currency(self) -> str:
        """The currency in which amounts are stored."""
        return self.currency if self.is_first else self.shop.currency

    def header(self, name: str) -> str:
        """The name of a field's column in the file."""
        return self.source.header[self.places[name]] if name in self.places else name

    def run(self, script: str) -> None:
        """A .sql file of several statements without parameters."""
        self.cursor.execute(sql.statement(script))

    def count(self, statement: str) -> int:
        self.cursor.execute(statement)
        return int(self.cursor.fetchone()[0])
