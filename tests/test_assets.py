"""The icon sprite and what templates ask of it (config/assets.py)."""

import re
from pathlib import Path

import pytest

from config import assets

USED = re.compile(r"""{% icon "([a-z0-9-]+)"|icon="([a-z0-9-]+)""")


def test_every_icon_that_a_template_names_is_on_the_list():
    wished = set(assets.wished_icons())
    for template in (assets.ROOT / "templates").rglob("*.html"):
        named = {name for pair in USED.findall(template.read_text(encoding="utf-8")) for name in pair if name}
        assert named <= wished, f"{template} names icons that static/icons.txt lacks: {named - wished}"


def test_the_sprite_holds_a_symbol_for_each_name():
    sprite = assets.sprite(["home", "users"])
    assert re.findall(r'<symbol id="([a-z]+)" viewBox="0 0 24 24"><path', sprite) == ["home", "users"]


def test_an_icon_that_tabler_does_not_have_is_an_error_that_names_it():
    with pytest.raises(assets.AssetError, match="no-such-icon"):
        assets.sprite(["home", "no-such-icon"])


def test_a_missing_package_is_an_error_that_says_what_to_do(tmp_path):
    with pytest.raises(assets.AssetError, match="npm ci"):
        assets.copy(Path("node_modules/none.css"), tmp_path / "none.css")
