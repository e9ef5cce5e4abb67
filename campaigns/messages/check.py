"""What is wrong with a message, line by line: errors keep it from being saved, warnings stand in the check list."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from django.utils.translation import gettext as _
from liquid import BoundTemplate
from liquid.exceptions import LiquidError

from campaigns.messages import liquid
from campaigns.messages.liquid import CONSTRUCT, FILTERS, Hidden, line_of
from campaigns.messages.markup import Markup, Problem
from campaigns.messages.placeholders import KNOWN, Values
from campaigns.messages.render import MessageError, compile_letter
from crm.models import Shop

# Gmail cuts longer mails off, and with them the link to unsubscribe.
MOST_BYTES = 100_000
# A customer without anything: what fills for them, fills for all.
NOBODY: Values = {
    "customer": dict.fromkeys(name.removeprefix("customer.") for name in KNOWN if name.startswith("customer.")),
    "shop": {"name": "", "address": ""},
}


def subject_problems(subject: str) -> list[Problem]:
    """The subject's problems: Liquid that cannot be read, placeholders that do not exist or may stay empty."""
    return list(liquid_problems(subject))


def message_problems(mjml: str, shop: Shop) -> list[Problem]:
    """The message's problems, in the order of its lines. Links, scripts and nesting are looked at too."""
    found = list(liquid_problems(mjml))
    markup = Markup(Hidden.of(mjml))
    found += markup.problems
    if not markup.has_body:
        found.append(Problem(_("A message begins with <mjml><mj-body> and ends with </mj-body></mjml>.")))
    if not any(problem.error for problem in found):
        found += whole_problems(mjml, shop)
    return sorted(found, key=lambda problem: problem.line or 0)


def whole_problems(mjml: str, shop: Shop) -> Iterator[Problem]:
    """What shows only once the mail is made: mrml's own complaints, Liquid that fails when filled, size."""
    try:
        letter = compile_letter("", mjml, shop)
        letter.fill(NOBODY, links=letter.links, unsubscribe_url="https://shop.example/")
    except MessageError as error:
        yield Problem(str(error))
    except LiquidError as error:
        yield liquid_problem(error, mjml)
    else:
        if letter.size > MOST_BYTES:
            yield Problem(
                _("The mail has %(size)s kB; over %(most)s kB some mail programs cut off its end.")
                % {"size": letter.size // 1000, "most": MOST_BYTES // 1000},
                error=False,
            )


def liquid_problems(source: str) -> Iterator[Problem]:
    try:
        template = liquid.html.from_string(source)
    except LiquidError as error:
        yield liquid_problem(error, source)
        return
    for name, places in template.analyze().filters.items():
        if name not in FILTERS:
            text = _("There is no filter “%(name)s”; there are %(known)s.")
            known = ", ".join(sorted(FILTERS))
            yield Problem(text % {"name": name, "known": known}, line_of(source, places[0].index))
    yield from unknown_placeholders(template, source)
    yield from empty_placeholders(source)


def liquid_problem(error: LiquidError, source: str) -> Problem:
    known_place = error.token is not None and error.token.source == source
    line = line_of(source, error.token.start_index) if error.token and known_place else None
    return Problem(_("The placeholder cannot be read: %(reason)s.") % {"reason": str(error.message).rstrip(".")}, line)


def unknown_placeholders(template: BoundTemplate, source: str) -> Iterator[Problem]:
    for variables in template.analyze().globals.values():
        for variable in variables:
            name = ".".join(map(str, variable.segments))
            if name in KNOWN:
                continue
            near = get_close_matches(name, KNOWN, n=1, cutoff=0.4)
            hint = _(" Did you mean {{ %(name)s }}?") % {"name": near[0]} if near else ""
            text = _("There is no placeholder {{ %(name)s }}.") % {"name": name}
            yield Problem(text + hint, line_of(source, variable.span.index))


def empty_placeholders(source: str) -> Iterator[Problem]:
    """Warnings for values that some customers lack, where neither a default nor a condition looks after them."""
    looked_after: set[str] = set()
    for found in CONSTRUCT.finditer(source):
        names = set(re.findall(r"[a-z_]+\.[a-z_]+", found[0]))
        if found[0].startswith("{%"):
            looked_after |= names
            continue
        for name in sorted(names - looked_after):
            if name in KNOWN and KNOWN[name].default and not re.search(r"\|\s*default\s*:", found[0]):
                yield Problem(
                    _("Some customers have no value for {{ %(name)s }}: give a default, like %(example)s.")
                    % {"name": name, "example": KNOWN[name].text},
                    line_of(source, found.start()),
                    error=False,
                )
