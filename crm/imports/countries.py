"""Names of countries in a file, in English or Vietnamese, as ISO codes."""

from functools import cache

from babel import Locale

from crm.imports.presets import folded

# Names that are no country's name in CLDR.
ALSO = {
    "EIRE": "IE", "USA": "US", "UK": "GB", "Great Britain": "GB", "England": "GB", "Scotland": "GB", "Wales": "GB",
    "RSA": "ZA", "UAE": "AE", "Czech Republic": "CZ", "Hong Kong": "HK", "Macau": "MO", "Korea": "KR",
    "Holland": "NL", "Turkey": "TR", "Viet Nam": "VN", "Mỹ": "US", "Anh": "GB", "Anh Quốc": "GB", "Hàn Quốc": "KR",
    "Nhật": "JP", "Đài Loan": "TW", "Hồng Kông": "HK", "Úc": "AU", "Russia": "RU", "Taiwan": "TW",
}  # fmt: skip


def code(name: str) -> str | None:
    """VN for “Việt Nam”, “vietnam” and “VN”; None where nothing is known under that name."""
    return _codes().get(folded(name))


@cache
def _codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for language in ("vi", "en"):
        for territory, name in Locale(language).territories.items():
            if (
                len(territory) == 2
                and territory.isalpha()
                and territory not in ("EU", "EZ", "UN", "ZZ", "XA", "XB", "QO")
            ):
                codes[folded(name)] = codes[folded(territory)] = territory
    return codes | {folded(name): territory for name, territory in ALSO.items()}
