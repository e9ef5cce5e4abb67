"""A file of rows as people have it: packed or not, in any usual encoding and with any usual delimiter. Nothing here writes.

`Source.of` looks at the whole file once and says in one sentence what is wrong with it; `records` then streams its rows.
"""

import codecs
import csv
import gzip
import io
import re
import unicodedata
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO, TextIO

from django.conf import settings
from django.utils.translation import gettext as _

BLOCK = 1 << 20
DELIMITERS = ",;\t|"
# What files that are no text begin with.
FOREIGN = {
    b"PK\x03\x04": "zip",
    b"\xd0\xcf\x11\xe0": "xls",
    b"%PDF": "PDF",
    b"\x89PNG": "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"RIFF": "RIFF",
    b"BZh": "bzip2",
    b"7z\xbc\xaf": "7z",
    b"Rar!": "rar",
    b"\xfd7zXZ": "xz",
    b"(\xb5/\xfd": "zstd",
    b"SQLite format 3": "SQLite",
    b"PAR1": "Parquet",
}
# In cp1258 Vietnamese tones are bytes of their own after the vowel; in cp1252 the same bytes are letters that hardly follow one.
TONES = re.compile(rb"[aeiouyAEIOUY\xc2\xc3\xca\xd4\xd5\xdd\xe2\xe3\xea\xf4\xf5\xfd][\xcc\xd2\xde\xec\xf2]")
NOT_ASCII = bytes(range(128, 256))
CONTROLS = re.compile(rb"[\x01-\x08\x0e-\x1a\x1c-\x1f]")


class BadFile(Exception):
    """A file that cannot be imported. Its text says what is wrong, where, and what to do."""


@dataclass(frozen=True)
class Source:
    """A file that was looked at: how it is to be read, and the cells of its header."""

    path: Path
    packed: bool
    encoding: str
    composed: bool  # no letter is followed by a mark of its own (in UTF-8 such marks begin with CC or CD)
    lines: int  # about as many as the file has, header included: for progress
    delimiter: str
    header: list[str]

    @classmethod
    def of(cls, path: Path) -> "Source":
        """Look at the whole file. Raises BadFile."""
        packed = _packed(path)
        look = _Look(path, packed)
        with _text(path, packed, look.encoding) as text, _told_by_line([1]):
            first = text.readline(2 * BLOCK)
        delimiter = max(DELIMITERS, key=lambda each: len(_cells(first, each)))
        source = cls(path, packed, look.encoding, look.composed, look.lines, delimiter, [])
        with _text(path, packed, look.encoding) as text, _told_by_line([1]):
            header = [cell.strip() for cell in next(source._reader(text), [])]
        _check_header(header)
        return replace(source, header=header)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Each row after the header with the line of the file in which it begins (the header's is 1); blank lines are no rows."""
        begins = [1]
        with _text(self.path, self.packed, self.encoding) as text, _told_by_line(begins):
            reader = self._reader(text)
            next(reader)
            begins[0] = reader.line_num + 1
            for row in reader:
                if row:
                    yield begins[0], row
                begins[0] = reader.line_num + 1

    def _reader(self, text: TextIO) -> "csv.Reader":  # type: ignore[name-defined]
        lines = text if self.composed else (unicodedata.normalize("NFC", line) for line in text)
        return csv.reader(lines, delimiter=self.delimiter, strict=True)


class _Look:
    """One pass over the bytes: is it text, in which encoding, and how many lines."""

    def __init__(self, path: Path, packed: bool) -> None:
        self.composed, self.lines, size, without_end = True, 0, 0, 0
        utf8 = codecs.getincrementaldecoder("utf-8")()
        is_utf8, tones, marks, undefined, self.encoding = True, 0, 0, False, ""
        for block in _blocks(path, packed):
            if not size:
                self.encoding = _by_first_bytes(block)
            size += len(block)
            if size > settings.IMPORT_MAX_BYTES:
                raise BadFile(
                    _("The file holds more than %(limit)s MB of text. Split it into several files.")
                    % {"limit": settings.IMPORT_MAX_BYTES // BLOCK}
                )
            if not self.encoding:
                self._refuse_binary(block)
            without_end = 0 if b"\n" in block or b"\r" in block else without_end + 1
            if without_end > 1:
                raise BadFile(
                    _("Line %(line)s is longer than 1 MB, so this is not a table of rows. Export it again as CSV.")
                    % {"line": self.lines + 1}
                )
            self.lines += block.count(b"\n") or block.count(b"\r")
            if self.encoding:
                continue
            if is_utf8:
                is_utf8 = _decodes(utf8, block)
                self.composed = self.composed and b"\xcc" not in block and b"\xcd" not in block
            if not is_utf8:
                marks += len(block) - len(block.translate(None, NOT_ASCII))
                tones += len(TONES.findall(block))
                undefined = undefined or bool(re.search(rb"[\x81\x8d\x8f\x90\x9d]", block))
        if not size:
            raise BadFile(_("The file is empty. Export it again, with a header and rows."))
        if not self.encoding:
            is_utf8 = is_utf8 and _decodes(utf8, b"", final=True)
            single_byte = "cp1258" if tones * 20 > marks else "latin-1" if undefined else "cp1252"
            self.encoding = "utf-8-sig" if is_utf8 else single_byte
        self.composed = (self.composed and self.encoding == "utf-8-sig") or self.encoding in ("cp1252", "latin-1")

    def _refuse_binary(self, block: bytes) -> None:
        if found := re.search(rb"\x00", block) or (CONTROLS.search(block) if not self.lines else None):
            line = self.lines + block.count(b"\n", 0, found.start()) + 1
            raise BadFile(
                _("Line %(line)s holds a byte that no text has (%(byte)s). Export the file again as CSV.")
                % {"line": line, "byte": f"0x{found.group()[0]:02x}"}
            )


def _by_first_bytes(block: bytes) -> str:
    if block.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if len(block) >= 4 and block[1] == block[3] == 0 and block[0] and block[2]:
        return "utf-16-le"
    if len(block) >= 4 and block[0] == block[2] == 0 and block[1] and block[3]:
        return "utf-16-be"
    return ""


def _decodes(decoder: codecs.IncrementalDecoder, block: bytes, final: bool = False) -> bool:
    try:
        decoder.decode(block, final)
    except UnicodeDecodeError:
        return False
    return True


def _packed(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(300)
    for magic, name in FOREIGN.items():
        if start.startswith(magic):
            raise BadFile(
                _("This is a %(kind)s file, not CSV, whatever its name says. Save the table as CSV and import that.")
                % {"kind": _kind_of_zip(path) if name == "zip" else name}
            )
    return start.startswith(b"\x1f\x8b")


def _kind_of_zip(path: Path) -> str:
    with path.open("rb") as file:
        return "xlsx" if b"xl/" in file.read(8192) else "zip"


def _blocks(path: Path, packed: bool) -> Iterator[bytes]:
    try:
        with _bytes(path, packed) as file:
            first = file.read(BLOCK)
            if packed:
                for magic, name in FOREIGN.items():
                    if first.startswith(magic):
                        raise BadFile(
                            _(
                                "What is packed in this file is %(kind)s, not CSV. Save the table as CSV and import that."
                            )
                            % {"kind": name}
                        )
            yield first
            while block := file.read(BLOCK):
                yield block
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise BadFile(
            _("The packed file is damaged and cannot be read to its end. Copy or export it again.")
        ) from error


def _bytes(path: Path, packed: bool) -> BinaryIO:
    return gzip.open(path, "rb") if packed else path.open("rb")  # type: ignore[return-value]


def _text(path: Path, packed: bool, encoding: str) -> TextIO:
    # newline="": line ends stay as they are, so that a cell of several lines keeps them.
    return io.TextIOWrapper(_bytes(path, packed), encoding=encoding, newline="")


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _check_header(header: list[str]) -> None:
    if not any(header):
        raise BadFile(_("Line 1 is blank. It must hold the names of the columns."))
    seen: dict[str, int] = {}
    for number, name in enumerate(header, 1):
        if name and name.casefold() in seen:
            raise BadFile(
                _("Line 1 has the column “%(name)s” twice (columns %(first)s and %(second)s). Rename or remove one.")
                % {"name": name[:80], "first": seen[name.casefold()], "second": number}
            )
        seen[name.casefold()] = number


@contextmanager
def _told_by_line(begins: list[int]) -> Iterator[None]:
    """Turn what the csv module and the decoder complain about into a sentence; `begins` holds the line they are at."""
    try:
        yield
    except UnicodeDecodeError as error:
        line = {"line": begins[0]}
        raise BadFile(
            _("After line %(line)s the file is no longer readable text. Export it again as CSV.") % line
        ) from error
    except csv.Error as error:
        line = {"line": begins[0], "limit": csv.field_size_limit()}
        if "limit" in str(error):
            told = _(
                "Line %(line)s has a cell of more than %(limit)s characters; probably a quote is not closed. Correct the line."
            )
        else:
            told = _("Line %(line)s has a quote that does not end where its cell ends. Correct the quotes in the line.")
        raise BadFile(told % line) from error
