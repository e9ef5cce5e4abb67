"""Kinds of file, each a data file in presets/: which headers mean which field, and what the file leaves unsaid."""

import re
import tomllib
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from crm.imports.reader import BadFile

FOLDER = Path(__file__).parent / "presets"
# Labels in the data files that people read and that are no names of products.
LABELS = [gettext_noop("Orders, columns by their names")]


@dataclass(frozen=True)
class Preset:
    slug: str
    kind: str  # the registered kind of import that takes it
    label: str
    columns: Mapping[str, Sequence[str]]
    required: Sequence[str]
    signature: Sequence[str] = ()
    one_of: Sequence[Sequence[str]] = ()
    currency: str = ""  # empty: the shop's
    timezone: str = ""
    numbers: str = ""  # the decimal sign of all its numbers, "point" or "comma"; empty: proved on the rows
    cancellation: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    def __str__(self) -> str:
        return _(self.label)

    def recognises(self, header: Sequence[str]) -> bool:
        """Whether the header has every column by which this kind of file is known; one known by none is never recognised."""
        names = {folded(name) for name in header}
        return bool(self.signature) and all(folded(name) in names for name in self.signature)

    def match(self, header: Sequence[str], told: Mapping[str, str]) -> dict[str, int]:
        """Field → position of its column. `told`: field → header, which counts before the usual names. Raises BadFile."""
        places = {folded(name): place for place, name in reversed(list(enumerate(header))) if name}
        found: dict[str, int] = {}
        for name, wanted in told.items():
            if name not in self.columns:
                raise BadFile(
                    _("There is no field “%(field)s”. The fields are: %(fields)s.")
                    % {"field": name, "fields": ", ".join(self.columns)}
                )
            if folded(wanted) not in places:
                raise BadFile(
                    _("The file has no column “%(column)s”. Its columns are: %(columns)s.")
                    % {"column": wanted, "columns": _listed(header)}
                )
            found[name] = places[folded(wanted)]
        for name, usual in self.columns.items():
            for wanted in usual:
                place = places.get(folded(wanted))
                if name not in found and place is not None and place not in found.values():
                    found[name] = place
        missing = [name for name in self.required if name not in found]
        missing += [" / ".join(group) for group in self.one_of if not any(name in found for name in group)]
        if missing:
            raise BadFile(
                _(
                    "The file has no column for: %(missing)s. Its columns are: %(columns)s. "
                    "Name the column so in the file (or say which one it is with --map FIELD=COLUMN)."
                )
                % {"missing": ", ".join(missing), "columns": _listed(header)}
            )
        return found

    def meaning(self, word_of: str, cell: str) -> str | None:
        """What a word in a cell stands for, as words.<field> of the data file lists it; None for an unknown word."""
        wanted = folded(cell)
        for meaning, words in self.words.get(word_of, {}).items():
            if any(folded(word) == wanted for word in words):
                return meaning
        return None


@cache
def presets() -> dict[str, Preset]:
    found = {}
    for path in sorted(FOLDER.glob("*.toml")):
        found[path.stem] = Preset(slug=path.stem, **tomllib.loads(path.read_text()))
    return found


def recognised(header: Sequence[str]) -> Preset | None:
    return next((preset for preset in presets().values() if preset.recognises(header)), None)


def folded(text: str) -> str:
    """Without case, marks, blanks and signs between words: “Mã đơn-hàng ” and “ma_don_hang” are one."""
    plain = unicodedata.normalize("NFD", text.casefold()).replace("đ", "d")
    return re.sub(r"[\W_]+", "", "".join(letter for letter in plain if not unicodedata.combining(letter)))


def _listed(header: Sequence[str]) -> str:
    return ", ".join(name[:60] for name in header if name)[:600]
