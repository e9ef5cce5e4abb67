"""What comes back in a file lowers the order that it belongs to (docs/domain.md 4, "what counts")."""

from pathlib import Path

import pytest

from orders.models import Order
from tests.orders.importing import import_file

pytestmark = pytest.mark.django_db

ROWS = """id,customer,date,sku,quantity,amount,kind
1,A,2026-01-02 10:00,T,3,10,sale
1,A,2026-01-03 10:00,T,1,{price},return
1,A,2026-01-04 10:00,T,1,{price},return
1,A,2026-01-05 10:00,T,1,{price},return
"""


def test_an_order_that_comes_back_piece_by_piece_is_worth_nothing_to_the_last_fraction(tmp_path: Path) -> None:
    """Ten for three pieces: a third is 3.333333, and three of them are not ten."""
    file = tmp_path / "orders.csv"
    file.write_text(ROWS.format(price="3.333333"))
    work = import_file(file, currency="GBP", timezone="Europe/London")
    assert (work.result["returns"], work.result["credits"]) == (1, 0)
    assert Order.objects.with_value().get().value == 0
