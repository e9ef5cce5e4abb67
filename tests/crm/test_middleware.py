"""What every request passes."""

import pytest

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/customers/?model=a%00b", "/search?q=%00", "/scores/?mo%00del=x"])
def test_a_nul_byte_in_an_address_gets_a_sentence(staff, address):
    answer = staff("Admin").get(address)
    assert answer.status_code == 400
    assert "NUL" in answer.content.decode()


def test_a_nul_byte_in_a_form_gets_a_sentence(staff):
    answer = staff("Admin").post("/settings/rates", {"currency": "US\0", "rate": "1"})
    assert (answer.status_code, "NUL" in answer.content.decode()) == (400, True)
