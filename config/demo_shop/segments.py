"""Segments that the demo shop works with; their rules are as the builder would keep them."""

from crm.models import Segment, User
from orders.models import Category

CATEGORY = "Trà sen"  # by name here, by id in the kept rules
AGREED: dict[str, object] = {"condition": "consent", "state": "agreed", "channel": "email"}


def score(measure: str, compare: str, number: int) -> dict[str, object]:
    return {"condition": "score", "measure": measure, "model": "statistical", "compare": compare, "class": number}


RULES: dict[str, tuple[str, dict[str, list[dict[str, object]]]]] = {
    "Khách đã đồng ý nhận thư": ("Mọi khách mà ta được phép gửi thư.", {"all": [AGREED]}),
    "Khách quen hạng nhất": (
        "Mới mua và mua nhiều lần.",
        {"all": [score("r", "at_least", 4), score("f", "at_least", 4), AGREED]},
    ),
    "Chờ đơn thứ hai": (
        "Mua một lần, 30 đến 120 ngày trước: bước khó nhất của người bán.",
        {
            "all": [
                {"condition": "orders", "compare": "exactly", "number": 1},
                {"condition": "last_order", "when": "over", "days": 30},
                {"condition": "last_order", "when": "within", "days": 120},
            ]
        },
    ),
    "Khách giá trị đang rời đi": (
        "Từng mua nhiều, lâu rồi không quay lại.",
        {"all": [score("r", "at_most", 2), score("m", "at_least", 4)]},
    ),
    "Yêu trà sen": (
        "Đã mua trà sen ít nhất hai lần.",
        {
            "all": [
                {"condition": "bought_category", "category": "Trà sen", "compare": "at_least", "times": 2, "days": ""}
            ]
        },
    ),
    "Mở thư mà chưa mua": (
        "Đọc thư trong 180 ngày qua nhưng chưa có đơn nào.",
        {
            "all": [
                {"condition": "event", "kind": "mail_opened", "compare": "at_least", "times": 1, "days": 180},
                {"condition": "orders", "compare": "exactly", "number": 0},
            ]
        },
    ),
}


def write(by: User | None) -> list[Segment]:
    """The ready segments, not refreshed yet. The first is everybody who may be written to."""
    for condition in RULES["Yêu trà sen"][1]["all"]:
        condition["category"] = str(Category.objects.get(name=CATEGORY).pk)
    return [
        Segment.objects.create(name=name, description=description, rules=rules, created_by=by)
        for name, (description, rules) in RULES.items()
    ]
