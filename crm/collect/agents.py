"""Who asked, by the name that the program gives itself (docs/domain.md 3): what a hit counts for is decided with this."""

import re
from enum import StrEnum


class Agent(StrEnum):
    PERSON = "person"  # a browser or a mail program
    PROXY = "proxy"  # a mail service that fetches pictures when the reader opens, and sometimes before
    APPLE = "apple"  # Apple's mail privacy: fetches everything, read or not
    SCANNER = "scanner"  # looks for viruses and bad links, or previews a link, or is a program
    UNKNOWN = "unknown"


PROXIES = re.compile(r"GoogleImageProxy|ggpht\.com|YahooMailProxy|YahooCacheSystem|OutlookImageProxy|ImageProxy", re.I)
SCANNERS = re.compile(
    r"barracuda|proofpoint|mimecast|messagelabs|symantec|ironport|cisco|trend ?micro|forcepoint|fortinet|fortimail|sophos"
    r"|mcafee|trellix|fireeye|kaspersky|bitdefender|zscaler|netskope|cloudmark|vade|spamhaus|virustotal|urlscan|phish"
    r"|safelinks|bingpreview|google-safety|google-read-aloud|appengine-google|office existence|ms-office|hubspot"
    r"|bot\b|spider|crawl|slurp|scan|preview|facebookexternalhit|whatsapp/|telegram|skypeuripreview|embedly|headline"
    r"|curl|wget|python|urllib|aiohttp|httpx|go-http-client|java/|okhttp|libwww|perl|ruby|php/|node-fetch|axios|guzzle",
    re.I,
)
PEOPLE = re.compile(
    r"^Mozilla/\d\.\d \(.+|^Opera/|Thunderbird|Outlook|AppleMail|Airmail|Spark|Postbox|eM Client|K-9|Zalo", re.I
)


def classify(name: str) -> Agent:
    """Apple's fetcher calls itself `Mozilla/5.0` and no more; scanners are told by their names; no name is unknown."""
    if name.strip() == "Mozilla/5.0":
        return Agent.APPLE
    if PROXIES.search(name):
        return Agent.PROXY
    if SCANNERS.search(name):
        return Agent.SCANNER
    return Agent.PERSON if PEOPLE.search(name) else Agent.UNKNOWN
