"""Respond: a campaign's frozen audience, and the workers that write to it (docs/architecture.md, "sending").

queued → sending (committed, with a lease) → sent | failed | in doubt, and queued → skipped | cancelled. Nobody gets a mail
twice: a row is claimed once, and what became of a claim whose worker died is in doubt, not tried again by itself.
"""
