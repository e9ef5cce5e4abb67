"""The frame around every page: log-in, keys, theme, language, sign-out, and the pages for what goes wrong."""

import re

import pytest
from django.contrib.auth.models import Group
from playwright.sync_api import Page, expect

from crm.models import User
from crm.roles import Role

pytestmark = pytest.mark.browser
PASSWORD = "khach quen rat lau"


@pytest.fixture
def manager(transactional_db) -> User:
    user = User.objects.create_user("quan@shop.example", PASSWORD, name="Trần Minh Quân")
    user.groups.add(Group.objects.get(name=Role.MANAGER))
    return user


@pytest.fixture
def page(live, browser_page, manager) -> Page:
    browser_page.goto(live)
    return browser_page


def sign_in(page: Page, password: str = PASSWORD) -> None:
    page.get_by_label("E-mail").fill("quan@shop.example")
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()


def test_a_wrong_password_is_said_and_the_right_one_leads_to_the_first_screen(page):
    sign_in(page, "guess")
    expect(page.get_by_role("alert")).to_be_visible()
    sign_in(page)
    expect(page.get_by_role("heading", name="Shop overview", level=1)).to_be_visible()


def test_keys_search_help_and_go(page):
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.press("?")  # typed into the field, and no command there
    expect(page.locator("#keys-help")).to_be_hidden()
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.locator("#keys-help")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("g")
    with page.expect_navigation():
        page.keyboard.press("h")
    expect(page.get_by_role("heading", name="Shop overview")).to_be_visible()


def test_the_theme_stays_as_chosen(page):
    sign_in(page)
    page.get_by_role("button", name="your settings").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    page.reload()
    expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")


def test_the_language_is_remembered_with_the_account(page, manager):
    sign_in(page)
    page.get_by_role("button", name="your settings").click()
    page.locator("#me-menu button[lang=vi]").click()
    expect(page.locator("html")).to_have_attribute("lang", "vi")
    manager.refresh_from_db()
    assert manager.language == "vi"


def test_a_missing_page_says_so_inside_the_shell(page, live):
    sign_in(page)
    page.goto(f"{live}/nothing/here/")
    expect(page.get_by_role("heading", name="There is nothing here")).to_be_visible()
    expect(page.get_by_role("navigation", name="Main", exact=True)).to_be_visible()


def test_signing_out_leads_to_the_log_in_page(page):
    sign_in(page)
    page.get_by_role("button", name="your settings").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page).to_have_url(re.compile("/accounts/login/"))
