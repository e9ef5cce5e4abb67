"""Runs the works of bin/bench on a shop of the wished size, which is made once and kept."""

import argparse
import json
import os
import sys

import psycopg

from config import embedded


def main() -> None:
    parser = argparse.ArgumentParser(prog="bin/bench")
    parser.add_argument("works", nargs="*", metavar="WORK")
    parser.add_argument("--scale", type=int, default=100_000, metavar="CUSTOMERS")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    use_database(f"bench_{options.scale}")
    from tests.bench import shop, works

    shop.make(options.scale)
    rows = []
    for work in works.named(options.works):
        for row in work(options.scale):
            rows.append(row.as_json())
            if not options.json:
                print(line(rows[-1]), flush=True)
    if options.json:
        print(json.dumps(rows, indent=1))
    sys.exit(0)


def line(row: dict[str, object]) -> str:
    return "{work:<18} {scale:>9,} ours {ours:>10} limit {limit:>10} {unit:<6} ratio {ratio:>6} goal {goal:>5} {said}".format(
        **row, said="met" if row["met"] else "NOT MET"
    )


def use_database(name: str) -> None:
    """A database of its own beside the embedded one, before Django reads its settings."""
    address = embedded.database_url()
    with psycopg.connect(address.replace(f"/{embedded.DATABASE}?", "/postgres?"), autocommit=True) as server:
        if not server.execute("select 1 from pg_database where datname = %s", [name]).fetchone():
            server.execute(f'create database "{name}"')
    os.environ["DATABASE_URL"] = address.replace(f"/{embedded.DATABASE}?", f"/{name}?")
    os.environ.setdefault("SECRET_KEY", "only-for-measuring")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("LOG_LEVEL", "WARNING")
    import django

    django.setup()


main()
