"""Translations without the gettext tools: Babel reads the texts from our code, Django's templatize those of templates.

The source language is English, in the code itself. locale/<language>/LC_MESSAGES/django.po holds the others; the .mo
files that Django reads are made from them by bin/setup and are not kept.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

FOLDERS = ("config", "crm", "orders", "campaigns", "support", "templates")
KEYWORDS = {**DEFAULT_KEYWORDS, **{f"{name}_lazy": spec for name, spec in DEFAULT_KEYWORDS.items() if name != "_"}}
KEYWORDS["gettext_noop"] = None


@dataclass
class Difference:
    """What a language's catalogue lacks, has too much, or says with other placeholders than the original."""

    missing: list[str] = field(default_factory=list)
    unused: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)


def languages() -> dict[str, Path]:
    """The catalogue of each language that the shop offers, but for the one in the code."""
    folder = Path(settings.LOCALE_PATHS[0])
    codes = [code for code, _name in settings.LANGUAGES if code != "en"]
    return {code: folder / code / "LC_MESSAGES" / "django.po" for code in codes}


def collect() -> Catalog:
    """All texts in code and templates, in the order in which they stand there."""
    catalog = Catalog(project="Regulars", charset="utf-8")
    for path in _sources():
        name = str(path.relative_to(settings.BASE_DIR))
        source = path.read_text()
        if path.suffix != ".py":
            # Blanked-out text stays where it was; without indentation it reads as Python.
            source = "\n".join(line.lstrip() for line in templatize(source, origin=name).splitlines())
        file = io.BytesIO(source.encode())
        for _line, message, _comments, context in extract("python", file, KEYWORDS, options={"encoding": "utf-8"}):
            catalog.add(message, locations=[(name, 0)], context=context)
    return catalog


def _sources() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in sorted((Path(settings.BASE_DIR) / folder).rglob("*")):
            if path.suffix in {".py", ".html", ".txt", ".mjml"} and "migrations" not in path.parts:
                yield path


def compare(path: Path) -> Difference:
    found, known, difference = collect(), _read(path), Difference()
    for message in filter(_has_id, found):
        translation = known.get(message.id, message.context)
        if translation is None or message.fuzzy or not all(_strings(translation)):
            difference.missing.append(_label(message))
    for message in filter(_has_id, known):
        if found.get(message.id, message.context) is None:
            difference.unused.append(_label(message))
        difference.wrong += [f"{_label(message)}: {error}" for error in message.check(known)]
    return difference


def write(path: Path) -> None:
    """Bring the catalogue to what code and templates say: new texts come in empty, unused ones go."""
    known = _read(path)
    known.update(collect(), no_fuzzy_matching=True, update_creation_date=False)
    known.obsolete.clear()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        write_po(file, known, width=120, include_lineno=False, ignore_obsolete=True)


def compile_all() -> None:
    for path in languages().values():
        if path.exists():
            with path.with_suffix(".mo").open("wb") as file:
                write_mo(file, _read(path))


def _read(path: Path) -> Catalog:
    language = path.parent.parent.name
    if not path.exists():
        return Catalog(locale=language, header_comment="# Texts of Regulars.", project="Regulars", fuzzy=False)
    with path.open("rb") as file:
        return read_po(file, locale=language)


def _has_id(message: Message) -> bool:
    return bool(message.id)


def _strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string or [""])


def _label(message: Message) -> str:
    text = message.id if isinstance(message.id, str) else message.id[0]
    return f"{message.context}: {text}" if message.context else text
