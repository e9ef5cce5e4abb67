"""Files as people have them: what is read, and the one sentence about what cannot be."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest

from crm.imports.reader import BadFile, Source

Written = Callable[[bytes], Path]
ROWS = "mã,tên\n1,Nguyễn Đức Ường\n2,Trần Thị Hằng\n"
# As cp1258 has it: the tone after its vowel.
DECOMPOSED = "mã,tên\n1,Nguyê\u0303n Đư\u0301c Hă\u0300ng\n".replace("ã", "a\u0303")


@pytest.fixture
def written(tmp_path: Path) -> Written:
    def write(content: bytes) -> Path:
        path = tmp_path / "orders.csv"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_in_any_form(written: Written, encoding: str) -> None:
    source = Source.of(written(ROWS.encode(encoding)))
    assert source.header == ["mã", "tên"]
    assert list(source.records()) == [(2, ["1", "Nguyễn Đức Ường"]), (3, ["2", "Trần Thị Hằng"])]


def test_cp1258_is_read_and_composed(written: Written) -> None:
    source = Source.of(written(DECOMPOSED.encode("cp1258")))
    assert (source.encoding, source.header) == ("cp1258", ["mã", "tên"])
    assert list(source.records()) == [(2, ["1", "Nguyễn Đức Hằng"])]


@pytest.mark.parametrize("text", ["id,name\n1,Café Zürich, señor".replace(", s", " s"), "id,name\n1,São João"])
def test_western_files_are_cp1252(written: Written, text: str) -> None:
    source = Source.of(written(text.encode("cp1252")))
    assert source.encoding == "cp1252"
    assert next(source.records())[1][1] == text.rpartition(",")[2]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(written: Written, delimiter: str) -> None:
    source = Source.of(written(f"id{delimiter}name\n1{delimiter}Lan\n".encode()))
    assert list(source.records()) == [(2, ["1", "Lan"])]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_end_of_line_counts_once(written: Written, end: str) -> None:
    source = Source.of(written(f'id,name{end}1,"two{end}lines"{end}2,Lan{end}'.encode()))
    assert [line for line, _row in source.records()] == [2, 4]


BAD = {
    "empty": (b"", "is empty"),
    "zip": (b"PK\x03\x04rest", "a zip file"),
    "xlsx": (b"PK\x03\x04....xl/workbook.xml", "a xlsx file"),
    "xls": (b"\xd0\xcf\x11\xe0rest", "a xls file"),
    "image": (b"\x89PNG\r\n\x1a\n", "a PNG file"),
    "packed zip": (gzip.compress(b"PK\x03\x04rest"), "packed in this file is zip"),
    "packed, cut off": (gzip.compress(b"id,name\n" * 1000)[:-9], "damaged"),
    "packed, broken": (b"\x1f\x8b\x08rubbish of some length", "damaged"),
    "NUL byte": (b"id,name\n1,La\0n\n", "Line 2 holds a byte"),
    "control byte": (b"id,na\x01me\n1,Lan\n", "Line 1 holds a byte"),
    "header twice": (b"id,Name,name\n1,2,3\n", "twice (columns 2 and 3)"),
    "no header": (b"\n1,2\n", "Line 1 is blank"),
    "no lines": (b"x" * (3 << 20), "longer than 1 MB"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD.keys())
def test_a_bad_file_is_told_in_a_sentence(written: Written, content: bytes, sentence: str) -> None:
    with pytest.raises(BadFile, match=r".+\.$") as told:
        Source.of(written(content))
    assert sentence in str(told.value)


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ('2,"Lan" and more\n', "Line 3 has a quote that does not end"),
        ('2,"Lan\n' + "x" * 200_000, "Line 3 has a cell of more than 131072 characters"),
        ('2,"Lan\n', "Line 3 has a quote that does not end"),
    ],
)
def test_a_broken_row_is_told_with_its_line(written: Written, row: str, sentence: str) -> None:
    source = Source.of(written(f"id,name\n1,Minh\n{row}".encode()))
    with pytest.raises(BadFile) as told:
        list(source.records())
    assert sentence in str(told.value)


def test_a_file_over_the_limit_is_refused_also_when_it_is_packed_small(written: Written, settings: object) -> None:
    settings.IMPORT_MAX_BYTES = 2 << 20  # type: ignore[attr-defined]
    path = written(gzip.compress(b"id,name\n" * (1 << 20)))
    assert path.stat().st_size < 100_000
    with pytest.raises(BadFile, match="more than 2 MB"):
        Source.of(path)
