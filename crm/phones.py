"""Phone numbers: typed in any form, stored as E.164, shown as at home."""

import re

import phonenumbers


def parse(text: str, country: str = "VN") -> str:
    """`0903 418 265` in VN is `+84903418265`. Raises ValueError where it cannot be a number of that country or the world."""
    try:
        number = phonenumbers.parse(text, country)
    except phonenumbers.NumberParseException as error:
        raise ValueError(text) from error
    if not phonenumbers.is_valid_number(number):
        raise ValueError(text)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def national(e164: str, country: str = "VN") -> str:
    """As people of `country` write it: national at home, international abroad. What is no number is given back as it is."""
    try:
        number = phonenumbers.parse(e164, country)
    except phonenumbers.NumberParseException:
        return e164
    at_home = phonenumbers.region_code_for_number(number) == country
    form = phonenumbers.PhoneNumberFormat.NATIONAL if at_home else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def digits(text: str) -> str:
    """The digits to search a stored number by: without blanks, signs and the 0 that stands for the country."""
    return re.sub(r"\D", "", text).lstrip("0")


def country_code(country: str) -> int:
    """84 for VN; 0 for what is no country."""
    return phonenumbers.country_code_for_region(country)
