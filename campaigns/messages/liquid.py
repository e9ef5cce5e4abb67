"""Liquid as marketers may use it: few tags, few filters, limits, every value escaped (python-liquid).

Before MJML is read, Liquid is taken out of it and marks of letters and digits stand in its place (`Hidden`), so that no
quote or angle bracket of a template can be mistaken for mark-up.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import liquid

TAGS = {"if", "unless", "case", "for", "assign", "capture", "comment", "echo", "content", "output", "illegal", "break"}
FILTERS = {
    *("append", "capitalize", "date", "default", "downcase", "escape", "first", "last", "prepend", "remove", "replace"),
    *("size", "slice", "split", "squish", "strip", "truncate", "truncatewords", "upcase"),
    *("at_least", "at_most", "ceil", "divided_by", "floor", "minus", "modulo", "plus", "round", "times"),
}
# {{ … }} and {% … %}, quotes respected: '}}' within a quoted text does not end it.
# Possessive (*+): a "{{" that is never closed, with quotes after it, would else be tried in 2^n ways.
CONSTRUCT = re.compile(r"""\{\{(?:"[^"]*"|'[^']*'|(?!\}\}).)*+\}\}|\{%(?:"[^"]*"|'[^']*'|(?!%\}).)*+%\}""", re.DOTALL)


class Sandbox(liquid.Environment):
    loop_iteration_limit: ClassVar[int] = 1_000
    output_stream_limit: ClassVar[int] = 400_000
    local_namespace_limit: ClassVar[int] = 5_000
    context_depth_limit: ClassVar[int] = 10

    def setup_tags_and_filters(self, *, extra: bool = False) -> None:
        super().setup_tags_and_filters(extra=extra)
        self.tags = {name: tag for name, tag in self.tags.items() if name in TAGS}
        self.filters = {name: function for name, function in self.filters.items() if name in FILTERS}


html = Sandbox(autoescape=True)
text = Sandbox(autoescape=False)


@dataclass(frozen=True)
class Hidden:
    """A source with marks where its Liquid was. A mark keeps the number of lines, so that line numbers stay true."""

    source: str
    word: str
    constructs: list[str]

    @classmethod
    def of(cls, source: str) -> Hidden:
        word = "liquid"
        while word in source:
            word += "x"
        constructs = CONSTRUCT.findall(source)
        numbers = iter(range(len(constructs)))
        marked = CONSTRUCT.sub(lambda found: f"{word}{next(numbers)}z" + "\n" * found[0].count("\n"), source)
        return cls(marked, word, constructs)

    def marks_in(self, piece: str) -> Iterator[str]:
        """The Liquid that stands in a piece of the marked source."""
        for number in re.findall(rf"{self.word}(\d+)z", piece):
            yield self.constructs[int(number)]

    def is_only_marks(self, piece: str) -> bool:
        return not re.sub(rf"{self.word}\d+z", "", piece).strip()

    def show(self, piece: str) -> str:
        """The piece with its Liquid again."""
        return re.sub(rf"{self.word}(\d+)z", lambda found: self.constructs[int(found[1])], piece)


def line_of(source: str, index: int) -> int:
    return source.count("\n", 0, index) + 1
