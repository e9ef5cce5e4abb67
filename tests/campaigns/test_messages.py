"""A message: MJML and Liquid to mail, what is refused at save, and that no customer's name can become mark-up."""

import re
from html import escape
from html.parser import HTMLParser
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from campaigns.messages.check import message_problems, subject_problems
from campaigns.messages.liquid import FILTERS
from campaigns.messages.placeholders import KNOWN, LIST, values
from campaigns.messages.prepare import Prepared
from campaigns.messages.render import Filled, compile_letter
from campaigns.models import Link
from crm.models import Customer, Facts, Shop
from crm.models.shop import AdvertisingRules
from tests.campaigns import world

SHOP = Shop(name="Trà Mộc", postal_address="12 Tô Ngọc Vân, Hà Nội", language="vi")
BODY = "<mjml><mj-body><mj-section><mj-column>{}</mj-column></mj-section></mj-body></mjml>"


def text_block(content: str) -> str:
    return BODY.format(f"<mj-text>{content}</mj-text>")


def fill(mjml: str, name: str | None = "Ánh", subject: str = "Hi", shop: Shop = SHOP, **customer: object) -> Filled:
    letter = compile_letter(subject, mjml, shop)
    return letter.fill(
        {"customer": {"name": name, **customer}, "shop": {"name": shop.name, "address": shop.postal_address}},
        links=[f"https://t.example/{number}" for number in range(len(letter.links))],
        unsubscribe_url="https://t.example/u",
    )


def errors(mjml: str) -> list[str]:
    return [str(problem) for problem in message_problems(mjml, SHOP) if problem.error]


def warnings(mjml: str) -> list[str]:
    return [str(problem) for problem in message_problems(mjml, SHOP) if not problem.error]


class Tags(HTMLParser):
    """Every tag of a page with its attributes' names."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[str, ...]]] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(name for name, _value in attrs)))


# Filled in


def test_name_stands_in_subject_html_and_text():
    filled = fill(text_block("Chào {{ customer.name }}"), subject="{{ customer.name }} ơi")
    assert filled.subject == "[QC] Ánh ơi"
    assert "Chào Ánh" in filled.html
    assert "Chào Ánh" in filled.text


def test_missing_name_is_replaced_by_the_default():
    assert "Chào bạn" in fill(text_block("Chào {{ customer.name | default: 'bạn' }}"), name=None).html


def test_condition_around_blocks_holds_for_html_and_text():
    mjml = BODY.format(
        "<mj-raw><!-- {% if customer.city %} --></mj-raw><mj-text>to {{ customer.city }}</mj-text><mj-raw><!-- {% endif %} --></mj-raw>"
        "<mj-text>all</mj-text>"
    )
    with_city, without = fill(mjml, city="Huế"), fill(mjml, city=None)
    assert "to Huế" in with_city.html
    assert "to Huế" in with_city.text
    assert without.text.startswith("all")
    assert 'style="font-family' in without.html
    assert ">to " not in without.html


def test_advertising_label_is_added_once_and_only_where_the_rules_ask():
    mjml = text_block("x")
    assert fill(mjml, subject="Tết").subject == "[QC] Tết"
    assert fill(mjml, subject="[AD] Tết").subject == "[AD] Tết"
    elsewhere = Shop(name="Tea", language="en", advertising_rules=AdvertisingRules.NONE)
    assert fill(mjml, subject="Tết", shop=elsewhere).subject == "Tết"


def test_subject_is_one_line_whatever_the_name():
    assert fill(text_block("x"), name="A\r\nBcc: all@example.com", subject="Hi {{ customer.name }}").subject == (
        "[QC] Hi A Bcc: all@example.com"
    )


# Links


def test_links_are_numbered_in_their_order_and_land_on_the_exact_address():
    mjml = BODY.format(
        '<mj-text><a href="https://a.vn/?x=1&amp;y=%20&z=ả">one</a></mj-text>'
        '<mj-image src="https://a.vn/p.png" alt="Hộp trà" href="https://c.vn/#top" /><mj-button href="https://a.vn/?x=1&amp;y=%20&z=ả">two</mj-button>'
    )
    letter = compile_letter("s", mjml, SHOP)
    assert letter.links == ("https://a.vn/?x=1&y=%20&z=ả", "https://c.vn/#top", "https://a.vn/?x=1&y=%20&z=ả")
    filled = fill(mjml)
    assert re.findall(r'href="https://t.example/(\d)"', filled.html) == ["0", "1", "2"]
    assert "one (https://t.example/0)" in filled.text
    assert "Hộp trà (https://t.example/1)" in filled.text
    assert "a.vn/?" not in filled.html


@given(
    st.lists(
        st.text(st.characters(exclude_categories=["Cc", "Cs", "Z"], exclude_characters='<>"\\{}'), max_size=30),
        max_size=4,
    )
)
def test_any_address_comes_out_as_it_went_in(paths):
    addresses = [f"https://shop.vn/{path}" for path in paths]
    mjml = text_block("".join(f'<a href="{escape(address)}">x</a>' for address in addresses))
    assert compile_letter("s", mjml, SHOP).links == tuple(addresses)


def test_mail_and_phone_links_stay_as_they_are():
    filled = fill(text_block('<a href="tel:+84903418265">call</a> <a href="mailto:a@b.vn">write</a>'))
    assert 'href="tel:+84903418265"' in filled.html
    assert "call (tel:+84903418265)" in filled.text


# What we add


def test_footer_with_address_and_unsubscribing_is_added_where_the_message_has_none():
    filled = fill(text_block("x"))
    assert 'href="https://t.example/u"' in filled.html
    assert "12 Tô Ngọc Vân, Hà Nội" in filled.html
    assert "https://t.example/u" in filled.text


def test_footer_is_not_added_twice():
    own = fill(text_block('{{ shop.address }} <a href="{{ unsubscribe_url }}">leave</a>'))
    assert own.html.count("https://t.example/u") == 1
    assert own.html.count("Tô Ngọc Vân") == 1


def test_pixel_and_trap_come_only_when_given():
    letter = compile_letter("s", text_block("x"), SHOP)
    plain = letter.fill({"customer": {}, "shop": {}}, links=[], unsubscribe_url="https://u/")
    tracked = letter.fill(
        {"customer": {}, "shop": {}},
        links=[],
        unsubscribe_url="https://u/",
        pixel_url="https://p/",
        trap_url="https://h/",
    )
    assert "<img" not in plain.html
    assert '<img src="https://p/"' in tracked.html
    assert '<a href="https://h/" style="display:none"' in tracked.html
    assert "https://h/" not in tracked.text


def test_nothing_is_fetched_from_elsewhere():
    assert "googleapis" not in fill(text_block("x")).html


# Hostile values

PLACES = BODY.format(
    '<mj-text>{{ customer.name }} <b title="{{ customer.name }}">x</b> <!-- {{ customer.name }} --></mj-text>'
    '<mj-image src="https://a.vn/p.png" alt="{{ customer.name }}" />'
)


@given(
    st.text(max_size=60)
    | st.sampled_from(['"><script>', "--><img src=x onerror=y>", "' onmouseover='x", "{{ shop.name }}"])
)
def test_no_name_becomes_markup(name):
    assert Tags(fill(PLACES, name).html).tags == Tags(fill(PLACES, "Lan").html).tags


@pytest.mark.parametrize("filter_", sorted(FILTERS - {"date"}))
def test_no_filter_lets_markup_through(filter_):
    html = fill(
        text_block(f"{{{{ customer.name | {filter_}{ARGUMENTS.get(filter_, '')} }}}}"), "<script>x</script>"
    ).html
    assert "<script" not in html


ARGUMENTS = {
    **dict.fromkeys(("at_least", "at_most", "divided_by", "minus", "modulo", "plus", "times"), ": 1"),
    **dict.fromkeys(("truncate", "truncatewords"), ": 30"),
    **dict.fromkeys(("append", "prepend", "remove", "default", "split"), ": 'i'"),
    "replace": ": 'x', customer.name",
    "slice": ": 0, 20",
}


def test_templates_reach_no_objects_files_or_endless_loops():
    assert errors(text_block("{{ customer.name.__class__ }}"))
    assert errors(text_block("{{ settings.SECRET_KEY }}"))
    assert "unexpected tag 'include'" in errors(text_block("{% include 'x' %}"))[0]
    assert "loop iteration limit" in errors(text_block("{% for i in (1..100000000) %}x{% endfor %}"))[0]


# Refused at save


def test_unknown_placeholder_is_named_with_its_line_and_the_nearest_known_one():
    assert errors(text_block("\n\n{{ customer.fist_name }}")) == [
        "Line 3: There is no placeholder {{ customer.fist_name }}. Did you mean {{ customer.first_name }}?"
    ]
    assert "{{ nam }}" in str(subject_problems("{{ nam }}")[0])


def test_own_words_for_links_are_no_placeholders():
    assert errors(text_block("{{ links[0] }}{{ pixel_url }}"))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{{ customer.name | safe }}", "no filter “safe”"),
        ("{{ customer.name", "cannot be read"),
        ("<p>x", "<p> of line 1 is still open"),
        ("<mj-foo></mj-foo>", "<mj-foo> is not an element"),
        ("<mj-include path='a' />", "mj-include"),
        ("<script>alert(1)</script>", "<script> does not work"),
        ("<b onclick='x()'>x</b>", "“onclick” would run a script"),
        ("<a href='javascript:x()'>x</a>", "“javascript:x()” is no address"),
        ("<a href=' JaVa\tscript:x()'>x</a>", "is no address"),
        ("<a href='&#106;avascript:x()'>x</a>", "is no address"),
        ("<img src='data:image/svg+xml,x'>", "“data:image/svg+xml,x” is no address"),
        ("<a href='/tea'>x</a>", "“/tea” is no address"),
        ("<a href='https://a.vn/{{ customer.name }}'>x</a>", "cannot hold a placeholder"),
        ("<img src='{{ unsubscribe_url }}'>", "cannot hold a placeholder"),
        ("<b style='{{ customer.name }}'>x</b>", "cannot stand in “style”"),
    ],
)
def test_refused(content, said):
    assert any(said in error for error in errors(text_block(content))), errors(text_block(content))


def test_text_that_is_not_mjml_says_how_a_message_begins():
    assert "begins with <mjml><mj-body>" in errors("Hello")[0]
    assert errors("")


def test_placeholder_that_may_be_empty_warns_unless_looked_after():
    assert "{{ customer.city | default:" in warnings(text_block("{{ customer.city }}"))[0]
    assert not warnings(
        text_block("{{ customer.city | default: 'x' }}{% if customer.phone %}{{ customer.phone }}{% endif %}")
    )


def test_long_message_warns():
    assert "104 kB" in warnings(text_block("x" * 100_000))[0]


def test_every_placeholder_of_the_list_can_be_inserted_as_it_is():
    content = "".join(each.text for each in LIST if each.name != "unsubscribe_url")
    assert message_problems(text_block(content), SHOP) == []


# Values


@pytest.mark.django_db
def test_values_of_many_customers_need_two_queries(django_assert_max_num_queries):
    people = [Customer.objects.create(name=f"Nguyễn Văn {letter}", email=f"{letter}@example.com") for letter in "ABC"]
    Facts.objects.create(customer=people[0], orders=3, revenue=1_250_000)
    with django_assert_max_num_queries(2):
        found = values([person.pk for person in people])
    first = found[people[0].pk]["customer"]
    assert (first["first_name"], first["orders"], first["revenue"]) == ("A", 3, "1.250.000\xa0₫")
    assert found[people[1].pk]["customer"]["city"] is None
    names = {f"customer.{key}" for key in first} | {f"shop.{key}" for key in found[people[0].pk]["shop"]}
    assert names | {"unsubscribe_url"} == set(KNOWN)


@pytest.mark.django_db
def test_first_name_is_the_last_word_in_vietnamese_and_the_first_elsewhere():
    rows = [("Nguyễn Thị Hồng Ánh", "vi"), ("Emily Jane Smith", "en"), ("", "vi")]
    people = [Customer.objects.create(name=name, language=language) for name, language in rows]
    firm = Customer.objects.create(name="Công ty Sao Khuê", kind="organisation")
    found = values([person.pk for person in [*people, firm]])
    assert [found[p.pk]["customer"]["first_name"] for p in [*people, firm]] == [
        "Ánh",
        "Emily",
        None,
        "Công ty Sao Khuê",
    ]


@pytest.mark.django_db
def test_customer_without_a_name_is_addressed_by_the_address_alone():
    sent, person = world.launched(), world.customer("")
    Link.objects.create(campaign=sent, position=1, url="https://shop.example/tea")
    raw = Prepared(sent, Shop.current()).message(1, "a@example.com", values([person.pk])[person.pk])
    assert b"\r\nTo: a@example.com\r\n" in raw


def test_nesting_that_would_end_the_server_is_refused():
    deep = "<mjml><mj-body><mj-section><mj-column><mj-text>%s</mj-text></mj-column></mj-section></mj-body></mjml>"
    assert message_problems(deep % ("<div>" * 3000 + "</div>" * 3000), SHOP)


def test_a_placeholder_that_is_never_closed_is_told_at_once():
    begin = process_time()
    assert errors(text_block("{{ customer.name } " + '<a href="https://shop.example/">x</a> ' * 100))
    assert process_time() - begin < 3
