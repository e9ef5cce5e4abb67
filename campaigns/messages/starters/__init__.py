"""Letters to start from, one a language."""

from pathlib import Path

SUBJECTS = {
    "vi": "{{ customer.first_name | default: 'Bạn' }} ơi, hàng mới đã về",
    "en": "New in the shop, {{ customer.first_name | default: 'friend' }}",
}


def starter(language: str) -> tuple[str, str]:
    """Subject and MJML in a language of SUBJECTS, else in English."""
    known = language if language in SUBJECTS else "en"
    return SUBJECTS[known], (Path(__file__).parent / f"{known}.mjml").read_text(encoding="utf-8")
