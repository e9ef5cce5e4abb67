"""Third-party front-end files, copied from node_modules to static/vendor, and a sprite of the icons in static/icons.txt.

bin/setup runs `python -m config.assets` after `npm ci`. Nothing third-party is committed; static/vendor is made anew.
"""

import re
import shutil
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "static" / "vendor"
ICONS = ROOT / "static" / "icons.txt"

COPIES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "chart.js/dist/chart.umd.min.js": "chart.umd.min.js",
    "@fontsource-variable/inter/files/inter-latin-wght-normal.woff2": "inter-latin.woff2",
    "@fontsource-variable/inter/files/inter-latin-ext-wght-normal.woff2": "inter-latin-ext.woff2",
    "@fontsource-variable/inter/files/inter-vietnamese-wght-normal.woff2": "inter-vietnamese.woff2",
}


class AssetError(Exception):
    """Something the pages need is not there; the message says what to do."""


def build() -> None:
    """Fill static/vendor. Raises AssetError naming the package or the icon that is missing."""
    VENDOR.mkdir(parents=True, exist_ok=True)
    for source, target in COPIES.items():
        copy(MODULES / source, VENDOR / target)
    (VENDOR / "icons.svg").write_text(sprite(wished_icons()), encoding="utf-8")


def copy(source: Path, target: Path) -> None:
    """Copy one file; a text file loses its pointer to a source map, which is not shipped."""
    if not source.is_file():
        raise AssetError(f"{source} is missing. Run `npm ci` (bin/setup does), then try again.")
    if source.suffix in {".css", ".js"}:
        text = re.sub(r"/[/*]# sourceMappingURL=\S+(?: \*/)?\s*$", "", source.read_text(encoding="utf-8"))
        target.write_text(text, encoding="utf-8")
    else:
        shutil.copyfile(source, target)


def wished_icons() -> list[str]:
    """The names in static/icons.txt, without comments, in order."""
    lines = (line.partition("#")[0] for line in ICONS.read_text(encoding="utf-8").splitlines())
    return sorted({name for line in lines for name in line.split()})


def sprite(names: list[str]) -> str:
    """One SVG with a <symbol> for each name: `<use href="icons.svg#home">` draws it in the colour of the text."""
    folder = MODULES / "@tabler" / "icons" / "icons" / "outline"
    missing = [name for name in names if not (folder / f"{name}.svg").is_file()]
    if missing:
        raise AssetError(
            f"static/icons.txt asks for icons that Tabler does not have: {', '.join(missing)}. See {folder}."
        )
    symbols = "\n".join(symbol(name, (folder / f"{name}.svg").read_text(encoding="utf-8")) for name in names)
    return f'<svg xmlns="http://www.w3.org/2000/svg">\n{symbols}\n</svg>\n'


def symbol(name: str, svg: str) -> str:
    """The shapes of one icon; stroke and fill come from .r-icon in regulars.css."""
    shapes = re.sub(r"\s*\n\s*", "", svg[svg.index(">", svg.index("<svg")) + 1 : svg.rindex("</svg>")])
    return f'<symbol id="{name}" viewBox="0 0 24 24">{shapes}</symbol>'


if __name__ == "__main__":
    try:
        build()
    except AssetError as error:
        sys.exit(f"Front-end files: {error}")
