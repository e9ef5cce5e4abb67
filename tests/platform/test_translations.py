"""Texts are found in code and templates, and the catalogues are compared with them."""

from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from config import messages


@pytest.fixture
def house(tmp_path: Path, settings) -> Path:
    """A small house with a text in code and some in a template; returns the Vietnamese catalogue."""
    settings.BASE_DIR, settings.LOCALE_PATHS = tmp_path, [tmp_path / "locale"]
    (tmp_path / "crm").mkdir()
    (tmp_path / "crm" / "models.py").write_text(
        'name = _("customer")\nleft = ngettext_lazy("%(n)s day", "%(n)s days")\nstage = pgettext_lazy("stage", "active")\n'
    )
    (tmp_path / "templates").mkdir()
    (tmp_path / "templates" / "page.html").write_text(
        '<h1>{% trans "Đơn & orders" %}</h1>\n    {% blocktrans trimmed count n=n %}\n  {{ n }} order\n'
        "  {% plural %}{{ n }} orders{% endblocktrans %}\n{# nothing #}\n"
        '  <a title="{% translate \'It is "new"\' %}">'
    )
    return messages.languages()["vi"]


def test_texts_of_code_and_templates_are_found(house):
    found = {(message.id, message.context) for message in messages.collect() if message.id}
    assert found == {
        ("customer", None),
        (("%(n)s day", "%(n)s days"), None),
        ("active", "stage"),
        ("Đơn & orders", None),
        (("%(n)s order", "%(n)s orders"), None),
        ('It is "new"', None),
    }


def test_a_new_catalogue_lacks_every_text_until_they_are_translated(house):
    messages.write(house)
    assert len(messages.compare(house).missing) == 6
    with house.open("rb") as file:
        catalog = read_po(file, locale="vi")
    for message in catalog:
        if message.id:
            message.string = (message.id[0],) if isinstance(message.id, tuple) else message.id
    with house.open("wb") as file:
        messages.write_po(file, catalog)
    assert not any(vars(messages.compare(house)).values())
    messages.compile_all()
    assert house.with_suffix(".mo").stat().st_size > 0


def test_unused_texts_and_lost_placeholders_are_named(house):
    house.parent.mkdir(parents=True)
    house.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\nmsgid "gone"\nmsgstr "mất"\n\n'
        '#, python-format\nmsgid "%(n)s day"\nmsgid_plural "%(n)s days"\nmsgstr[0] "ngày %(m)s"\n'
    )
    difference = messages.compare(house)
    assert difference.unused == ["gone"]
    assert len(difference.wrong) == 1
    assert difference.wrong[0].startswith("%(n)s day: ")


def test_writing_keeps_translations_and_drops_what_is_unused(house):
    house.parent.mkdir(parents=True)
    house.write_text(
        'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
        'msgid "customer"\nmsgstr "khách"\n\nmsgid "gone"\nmsgstr "mất"\n'
    )
    messages.write(house)
    text = house.read_text()
    assert 'msgstr "khách"' in text
    assert "gone" not in text
