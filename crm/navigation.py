"""The navigation, the "new" menu and the search, each filled by the apps; a role sees only what it may enter."""

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise


@dataclass(frozen=True)
class Entry:
    label: str | Promise
    url_name: str
    icon: str
    permission: str  # a key of crm.roles.PERMISSIONS, or "staff"
    group: int = 1  # entries of one group stand together
    order: int = 100
    key: str = ""  # go there by g and this key
    count: Callable[[], int] | None = None  # what waits there


@dataclass(frozen=True)
class Found:
    """A result of the search."""

    title: str
    detail: str
    url: str
    icon: str


@dataclass(frozen=True)
class Finder:
    """Finds an app's own things by what was typed: at most `limit`, in one query."""

    label: str | Promise
    permission: str
    find: Callable[[str, int], list[Found]]
    order: int = 100


entries: list[Entry] = []
new_entries: list[Entry] = []
finders: list[Finder] = []
