"""Look at the product: every page at two widths and in two themes, with what axe, the console and the network complain of.

`bin/look [PAGE …]` takes the pages of a running demo (or of one it starts) into var/look/, with a contact sheet a variant.
It fails when anything is wrong with a page. The pictures of the README come from here.
"""

import argparse
import html
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal
from urllib.request import urlopen

import django
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Error, Page, sync_playwright

from config import embedded
from config.look_pages import PAGES, Shot

ROOT = Path(__file__).resolve().parent.parent
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
Shop = dict[str, Any]  # demo.json: url, mail_url, users
TIDE = 400  # milliseconds for charts and toasts to settle


@dataclass(frozen=True)
class Variant:
    name: str
    width: int
    theme: Literal["light", "dark"]


VARIANTS = [
    Variant("light", 1440, "light"),
    Variant("dark", 1440, "dark"),
    Variant("phone-light", 390, "light"),
    Variant("phone-dark", 390, "dark"),
]


def look(names: list[str], variants: list[Variant]) -> int:
    """Take the pictures and print what is wrong. Returns how many complaints there were."""
    wanted = [shot for shot in PAGES if not names or shot.name in names]
    if unknown := set(names) - {shot.name for shot in wanted}:
        sys.exit(f"bin/look knows no page {', '.join(sorted(unknown))}. It knows: {', '.join(s.name for s in PAGES)}")
    folder = embedded.var() / "look"
    folder.mkdir(parents=True, exist_ok=True)
    with demo() as shop:
        addresses = {shot.name: resolve(shot) for shot in wanted}
        with sync_playwright() as playwright, chromium(playwright.chromium.launch) as browser:
            complaints = 0
            for variant in variants:
                complaints += take(browser, variant, wanted, addresses, shop, folder)
                contact_sheet(browser, variant, [s for s in wanted if addresses[s.name]], folder)
    print(f"{folder}: {complaints} complaints" if complaints else f"{folder}: nothing to complain of")
    return complaints


def resolve(shot: Shot) -> str:
    """The address of a page, or nothing where the demo has no such record."""
    if isinstance(shot.address, str):
        return shot.address if shot.address.startswith("/") else reverse(shot.address)
    return shot.address()


def take(
    browser: Browser, variant: Variant, wanted: list[Shot], addresses: dict[str, str], shop: Shop, folder: Path
) -> int:
    """Pictures and complaints of one variant. People log in once each."""
    contexts: dict[str, BrowserContext] = {}
    complaints = 0
    for shot in wanted:
        if not addresses[shot.name]:
            print(f"{variant.name:12} {shot.name}: the demo has no such record")
            complaints += 1
            continue
        if shot.role not in contexts:
            contexts[shot.role] = enter(browser, variant, shot.role, shop)
        wrong = picture(
            contexts[shot.role], shot, shop["url"] + addresses[shot.name], folder / f"{shot.name}-{variant.name}.png"
        )
        for line in wrong:
            print(f"{variant.name:12} {shot.name}: {line}")
        complaints += len(wrong)
    for context in contexts.values():
        context.close()
    return complaints


def enter(browser: Browser, variant: Variant, role: str, shop: Shop) -> BrowserContext:
    """A browser of somebody with `role`, logged in; an empty role is a stranger."""
    context = browser.new_context(
        viewport={"width": variant.width, "height": 900},
        color_scheme=variant.theme,
        reduced_motion="reduce",
        locale="en",
    )
    if role:
        user = next(user for user in shop["users"] if user["role"] == role)
        page = context.new_page()
        page.goto(shop["url"] + reverse("account_login"))
        page.fill("[name=login]", user["email"])
        page.fill("[name=password]", user["password"])
        page.click("[data-demo-go]")
        page.wait_for_url(lambda url: "/accounts/login" not in url)
        page.close()
    return context


def picture(context: BrowserContext, shot: Shot, url: str, target: Path) -> list[str]:
    """Save the picture of one page. Returns what is wrong with it."""
    page, wrong = context.new_page(), []
    page.on("console", lambda message: wrong.append(f"console: {message.text}") if message.type == "error" else None)
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on("requestfailed", lambda request: wrong.append(f"request failed: {request.url} {request.failure}"))
    page.on("response", lambda answer: wrong.append(f"{answer.status}: {answer.url}") if answer.status >= 400 else None)
    try:
        page.goto(url, wait_until="load")
        if shot.click and page.locator(shot.click).first.is_visible():
            page.click(shot.click)
        unroll(page)
        page.wait_for_timeout(TIDE)
        page.screenshot(path=target, full_page=True)
        wrong += sideways(page) + axe(page)
    except Error as error:
        wrong.append(str(error).splitlines()[0])
    finally:
        page.close()
    return [line for line in wrong if shot.status == 200 or str(shot.status) not in line]


def unroll(page: Page) -> None:
    """As high as its content: else bars that stick stand over the middle of the picture, and axe finds them over links."""
    width, height = page.evaluate("[innerWidth, document.documentElement.scrollHeight]")
    page.set_viewport_size({"width": width, "height": min(max(height, 900), 12_000)})


def sideways(page: Page) -> list[str]:
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return [f"scrolls sideways by {wide} px"] if wide > 0 else []


def axe(page: Page) -> list[str]:
    """What axe-core finds."""
    source = (ROOT / "node_modules" / "axe-core" / "axe.min.js").read_text(encoding="utf-8")
    found = page.evaluate(f"{source}; axe.run({{runOnly: {json.dumps(RULES)}}})")
    return [
        f"axe {violation['id']}: {violation['help']} at {' '.join(map(str, node['target']))}"
        for violation in found["violations"]
        for node in violation["nodes"]
    ]


def contact_sheet(browser: Browser, variant: Variant, wanted: list[Shot], folder: Path) -> None:
    """All pictures of a variant on one page."""
    phone = variant.width < 768
    figures = "".join(
        f'<figure><img src="{html.escape(shot.name)}-{variant.name}.png"><figcaption>{html.escape(shot.name)}</figcaption></figure>'
        for shot in wanted
        if (folder / f"{shot.name}-{variant.name}.png").exists()
    )
    sheet = folder / f"sheet-{variant.name}.html"
    sheet.write_text(
        "<!doctype html><meta charset=utf-8><style>body{margin:24px;font:13px sans-serif;display:grid;gap:24px;background:#e9eaf0;"
        f"grid-template-columns:repeat({8 if phone else 4},1fr)}}figure{{margin:0}}"
        f"img{{width:100%;aspect-ratio:{'390/900' if phone else '1440/960'};"
        "object-fit:cover;object-position:top left;box-shadow:0 1px 6px #0003}</style>" + figures,
        encoding="utf-8",
    )
    page = browser.new_page(viewport={"width": 1840, "height": 1000})
    page.goto(sheet.as_uri())
    page.screenshot(path=folder / f"sheet-{variant.name}.png", full_page=True)
    page.close()
    sheet.unlink()


@contextmanager
def chromium(launch: Callable[..., Browser]) -> Iterator[Browser]:
    """The Chromium of this machine."""
    path = (
        os.environ.get("CHROMIUM")
        or shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if not path:
        sys.exit("bin/look needs Chromium and found none. Install it, or name it: CHROMIUM=/path/to/chromium bin/look")
    browser = launch(executable_path=path, args=["--no-sandbox"])
    try:
        yield browser
    finally:
        browser.close()


@contextmanager
def demo() -> Iterator[Shop]:
    """The demo that runs (from demo.json), else one that is started here and stopped at the end."""
    note = embedded.var() / "demo.json"
    if running := answers(note):
        yield running
        return
    process = subprocess.Popen([ROOT / "bin" / "demo", "--port", str(free_port())])
    try:
        deadline = time.monotonic() + 300
        while not (running := answers(note)):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit("bin/look: the demo did not start; what it said stands above.")
            time.sleep(0.5)
        yield running
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def answers(note: Path) -> Shop | None:
    """What demo.json says, if a demo answers at its address."""
    try:
        shop: Shop = json.loads(note.read_text(encoding="utf-8"))
        with urlopen(shop["url"] + "/health/live", timeout=20):  # noqa: S310 - our own demo on this machine
            return shop
    except (OSError, ValueError, KeyError):
        return None


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="bin/look", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("pages", nargs="*", metavar="PAGE", help="names of pages; all of them without one")
    parser.add_argument(
        "--variant", action="append", choices=[v.name for v in VARIANTS], help="only this variant (repeatable)"
    )
    parser.add_argument("--list", action="store_true", help="print the names of the pages")
    asked = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    if asked.list:
        print("\n".join(f"{shot.name:18} {shot.role or 'anyone'}" for shot in PAGES))
        return
    sys.exit(bool(look(asked.pages, [v for v in VARIANTS if not asked.variant or v.name in asked.variant])))


if __name__ == "__main__":
    main()
