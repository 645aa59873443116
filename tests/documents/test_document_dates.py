"""The date a document says it is of."""

from __future__ import annotations

import io
import unicodedata
import zipfile
import zlib
from datetime import UTC, date, datetime
from pathlib import Path

import docx
import pypdf
import pytest
from document_cases import Looker
from hypothesis import given
from hypothesis import strategies as st
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from tasks.documents import Limits
from tasks.sources.effective import effective_date
from tasks.sources.effective.text import decoded, in_text, read_date
from tasks.sources.look import Body, Deadline

APRIL = date(2026, 4, 1)


def of(content: bytes, charset: str | None = None) -> date | None:
    with Body(Limits(), Deadline(30)) as body:
        body.write(content)
        return effective_date(body, charset)


@pytest.mark.parametrize(
    "text",
    [
        "2026-04-01", "2026-04-01T23:59:59Z", "2026/4/1", "2026.04.01", "2026年4月1日", "２０２６年４月１日",
        "2026年 4月 1日(水)", "令和8年4月1日", "令和８年４月１日", "令和 八年四月一日", "R8.4.1", "二〇二六年四月一日",
        "1 April 2026", "1st Apr. 2026", "April 1, 2026", "APR 1 2026", "Apr. 1st, 2026", "**2026-04-01**",
    ],
)  # fmt: skip
def test_ways_to_write_the_first_of_april(text: str) -> None:
    assert read_date(text) == APRIL


@pytest.mark.parametrize(
    "text",
    [
        "", "soon", "2026-02-30", "2026-13-01", "0001-01-01", "9999-99-99", "04/05/2026", "1.4.2026", "2026",
        "2026年2月30日", "令和0年4月1日", "平成31年5月1日", "令和1年4月30日", "昭和99年1月1日", "2026-04-011",
        "31 April 2026", "2026-4/1", "Smarch 1, 2026", "十十年四月一日", "٢٠٢٦-٠٤-٣١",
    ],
)  # fmt: skip
def test_what_is_no_date_or_an_impossible_one(text: str) -> None:
    assert read_date(text) is None


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("令和元年5月1日", date(2019, 5, 1)),
        ("平成31年4月30日", date(2019, 4, 30)),
        ("昭和64年1月7日", date(1989, 1, 7)),
        ("令和十年十二月二十一日", date(2028, 12, 21)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_edges_of_eras_and_years(text: str, day: date) -> None:
    assert read_date(text) == day


@given(day=st.dates(date(2019, 5, 1), date(2199, 12, 31)), wide=st.booleans())
def test_every_day_can_be_written_in_every_way(day: date, wide: bool) -> None:
    ways = [
        day.isoformat(),
        f"{day.year}年{day.month}月{day.day}日",
        f"令和{day.year - 2018}年{day.month}月{day.day}日" if day.year - 2018 < 100 else day.isoformat(),
        f"{day.day} {day:%B} {day.year}",
        f"{day:%b} {day.day}, {day.year}",
    ]
    for way in ways:
        text = "".join(chr(ord(c) + 0xFEE0) if wide and "!" <= c <= "~" else c for c in way)
        assert read_date(text) == day, unicodedata.normalize("NFKC", text)


@given(text=st.text(max_size=300))
def test_no_text_stops_the_reader(text: str) -> None:
    in_text(text)
    in_text(f"---\n{text}\n---\n")
    in_text(f"Effective date: {text}")
    read_date(text)


@given(content=st.binary(max_size=300), kind=st.sampled_from([b"", b"PK\x03\x04", b"\xff\xfe", b"---\n"]))
def test_no_bytes_stop_the_reader(content: bytes, kind: bytes) -> None:
    of(kind + content)


@pytest.mark.parametrize("year", [2026])
@pytest.mark.parametrize(
    "line",
    [
        "Effective date: 2026-04-01", "effective date : 1 April 2026", "**Effective date:** 2026-04-01",
        "| Effective date | 2026-04-01 |", "- Last reviewed: 2026-04-01", "発効日：２０２６年４月１日",
        "発効日: 2026年4月1日", "施行日 令和8年4月1日", "■改定日:2026年4月1日", "> 改訂日:R8.4.1",
        "<p><b>Effective date:</b> 2026-04-01</p>", "Effective: 2026-04-01", "## Effective date: April 1, 2026",
    ],
)  # fmt: skip
def test_dated_lines(line: str, year: int) -> None:
    assert in_text(f"# Card\n\n{line}\nmore") == APRIL


@pytest.mark.parametrize(
    "line",
    [
        "The effective date: 2026-04-01", "Effective dates of payment are 2026-04-01", "Ineffective: 2026-04-01",
        "Date: 2026-04-01", "Effective date: to be decided", "Effective date: 2026-02-30",
    ],
)  # fmt: skip
def test_lines_that_date_nothing(line: str) -> None:
    assert in_text(line) is None


def test_only_the_first_fifty_lines_count_and_an_impossible_one_is_passed_over() -> None:
    assert in_text("\n" * 49 + "Effective date: 2026-04-01") == APRIL
    assert in_text("\n" * 50 + "Effective date: 2026-04-01") is None
    assert in_text("Effective date: 2026-02-30\n発効日:2026年4月1日") == APRIL


@pytest.mark.parametrize(
    "key",
    [
        "effective",
        "effective_date",
        "Effective Date",
        "effective-date",
        "date",
        "last_reviewed",
        "発効日",
        "施行日",
        "改定日",
        '"date"',
    ],
)
def test_front_matter(key: str) -> None:
    assert in_text(f"---\ntitle: x\n{key}: 2026-04-01\n---\nEffective date: 2020-01-01") == APRIL
    assert in_text(f"\ufeff---\r\n{key}: '2026年4月1日'\r\n---\r\n") == APRIL


def test_front_matter_keys_are_believed_in_order_and_impossible_dates_passed_over() -> None:
    text = "---\ndate: 2020-01-01\nlast_reviewed: 2021-01-01\neffective: 2026-02-30\neffective_date: 2026-04-01\n---\n"
    assert in_text(text) == APRIL


@pytest.mark.parametrize(
    "block",
    [
        "[" * 5000,
        "a: &a [*a]",
        "? [x]: y",
        "- date",
        "date: [2026-04-01]",
        "date: !!python/object:os.system x",
        "\t: x",
        "date: {a: 2026-04-01}",
        "%YAML 9.9",
        "a: b: c",
    ],
)
def test_front_matter_that_is_none(block: str) -> None:
    assert in_text(f"---\n{block}\n---\nEffective date: 2026-04-01") == APRIL


def test_merged_aliases_are_not_expanded() -> None:
    lines = ["a0: &a0 {x: 1}"] + [f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}" for n in range(1, 30)]
    assert in_text("---\n" + "\n".join(lines) + "\ndate: 2026-04-01\n---\n") == APRIL


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp932", "euc-jp"])
def test_encodings(encoding: str) -> None:
    assert of("モデルカード\n発効日:2026年4月1日\n".encode(encoding)) == APRIL


def test_a_character_cut_at_the_bound_and_binary_content() -> None:
    text = "発効日:2026年4月1日\n" + "あ" * 40_000
    assert of(text.encode()) == APRIL
    assert decoded("あ".encode()[:2]) == ""
    assert of(b"Effective date: 2026-04-01\0") is None
    assert of(b"Effective date: 2026-04-01\n\xff\xfe\xfd", "no-such-charset") == APRIL
    for codec in ("rot13", "zlib", "punycode", "idna", "unicode_escape"):
        assert of(b"Effective date: 2026-04-01\n", codec) == APRIL
    assert of(zlib.compress(b"Effective date: 2026-04-01\n"), "zlib") is None
    assert of(b"") is None


def pdf(text: str = "", **properties: str) -> bytes:
    writer = pypdf.PdfWriter()
    page = writer.add_blank_page(200, 200)
    if text:
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 10 100 Td ({text}) Tj ET".encode())
        page[NameObject("/Contents")] = writer._add_object(stream)
        font = DictionaryObject(
            {
                NameObject("/Type"): NameObject("/Font"),
                NameObject("/Subtype"): NameObject("/Type1"),
                NameObject("/BaseFont"): NameObject("/Helvetica"),
            }
        )
        fonts = DictionaryObject({NameObject("/F1"): font})
        page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    writer.add_metadata({f"/{key}": value for key, value in properties.items()})
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_pdf_properties_and_first_page() -> None:
    assert of(pdf(CreationDate="D:20260401003000+09'00'")) == APRIL
    assert of(pdf(CreationDate="D:20200101", ModDate="D:20260401")) == APRIL
    assert of(pdf(ModDate="D:20260231", CreationDate="D:20260401")) == APRIL
    assert of(pdf("Effective date: 2026-04-01", ModDate="D:20270101")) == APRIL
    assert of(pdf("x", EffectiveDate="2026-04-01", ModDate="D:20270101")) == APRIL
    assert of(pdf("x", ModDate="yesterday")) is None


@pytest.mark.parametrize(
    "content", [b"%PDF-1.7\n", b"%PDF-1.7\n" + b"<<" * 5000, pdf("x")[:200], b"%PDF-" + bytes(range(256)) * 100]
)
def test_pdfs_that_are_damaged(content: bytes) -> None:
    assert of(content) is None


def test_a_pdf_that_takes_too_long_is_left(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tasks.sources.effective import pdf as reader

    child = base / "child.py"
    child.write_text('print(\'{"/ModDate": "D:20260401"}\', flush=True)\nwhile True: pass\n')
    monkeypatch.setattr(reader, "_CHILD", child)
    with io.FileIO(base / "child.py") as stream:
        assert reader.in_pdf(stream, 1.0) == APRIL


def word(text: str = "", modified: datetime = datetime(2027, 1, 1, tzinfo=UTC)) -> bytes:
    document = docx.Document()
    document.add_paragraph("Model card")
    document.add_paragraph(text)
    document.core_properties.created = datetime(2020, 1, 1)
    document.core_properties.modified = modified.replace(tzinfo=None)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def replaced(content: bytes, **parts: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


def test_word_properties_and_paragraphs() -> None:
    assert of(word()) == date(2027, 1, 1)
    assert of(word("Effective date: 2026-04-01")) == APRIL
    assert of(word("発効日:令和8年4月1日")) == APRIL
    custom = (
        '<Properties xmlns="c" xmlns:vt="v"><property name="Effective Date">'
        "<vt:filetime>2026-04-01T00:00:00Z</vt:filetime></property></Properties>"
    )
    assert of(replaced(word("Effective date: 2025-01-01"), **{"docProps/custom.xml": custom.encode()})) == APRIL


def test_office_documents_that_are_bombs_or_damaged() -> None:
    bomb = b'<!DOCTYPE x [<!ENTITY a "2026-04-01">]><c><modified>&a;</modified></c>'
    huge = b"<w>" + b" " * 30_000_000 + b"<p>Effective date: 2026-04-01</p></w>"
    assert of(replaced(word(), **{"docProps/core.xml": bomb, "word/document.xml": huge})) is None
    assert of(replaced(word(), **{"docProps/core.xml": b"<broken"})) is None
    assert of(word()[:500]) is None
    many = io.BytesIO()
    with zipfile.ZipFile(many, "w") as archive:
        for number in range(20_001):
            archive.writestr(str(number), b"")
    assert of(many.getvalue()) is None


def test_the_same_bytes_are_not_read_again(base: Path, see: Looker) -> None:
    from dataclasses import replace

    (base / "card.md").write_text("Effective date: 2026-04-01")
    first = replace(see("card.md"), effective=date(2025, 5, 5))
    assert see("card.md", previous=first).effective == date(2025, 5, 5)
    (base / "card.md").write_text("Effective date: 2026-04-01 ")
    assert see("card.md", previous=first).effective == APRIL
