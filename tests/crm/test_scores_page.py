"""The heat map, the lifecycle funnel and the facts behind a score, as people see them."""

import csv
import io

import pytest
from django.test import Client

from crm.models import ScoringModel, Shop, User
from crm.scoring.explain import why_classes, why_stage
from crm.scoring.pictures import funnel, heat_map
from crm.scoring.rescore import rescore
from tests.crm.scoring_world import answer, at, customer, facts, order, visit

pytestmark = pytest.mark.django_db
NOW = at("2026-11-24 10:00")


@pytest.fixture
def people():
    lan, minh = customer("Lan"), customer("Minh")
    for when in ("2026-10-01", "2026-11-01", "2026-11-20"):
        order(lan, when, 300_000)
    order(minh, "2025-01-01", 2_000_000)
    customer("Hoa", registered="2026-11-01")
    visit(customer("", registered=None), "2026-11-10")
    answer(lan, "2026-11-21")
    rescore(NOW)
    return lan, minh


@pytest.fixture
def marketing(client: Client) -> Client:
    client.force_login(User.objects.create_superuser("marketing@example.com", "…", name="Marketing"))
    return client


def test_heat_map_counts_shares_and_averages(people):
    picture = heat_map(ScoringModel.threshold())
    cells = {(cell.r, cell.f): cell for row in picture.rows for cell in row}
    assert picture.customers == 2
    assert (cells[5, 2].customers, cells[5, 2].share, cells[5, 2].money) == (1, 0.5, 300_000)
    assert (cells[1, 1].customers, cells[1, 1].money) == (1, 2_000_000)
    assert cells[3, 3].customers == 0
    assert cells[1, 1].tone > cells[5, 2].tone


def test_funnel_counts_stages_and_who_went_on(people):
    shown = funnel()
    assert {step.stage.value: step.customers for step in shown.steps} == {1: 1, 2: 0, 3: 1, 4: 0, 5: 0, 6: 1, 7: 1}
    assert (shown.buyers, shown.twice, shown.thrice) == (2, 1, 1)


def test_scores_page_links_each_cell_to_its_customers(people, marketing, django_assert_max_num_queries):
    with django_assert_max_num_queries(12):
        page = marketing.get("/scores/?model=threshold").content.decode()
    assert "model=threshold&amp;r=5&amp;f=2" in page
    assert "?stage=7" in page
    assert "under 2 orders" in page


def test_scores_page_of_an_empty_shop_says_what_to_do(marketing):
    assert "No scores yet" in marketing.get("/scores/").content.decode()


def test_unknown_model_is_not_found(marketing):
    assert marketing.get("/scores/?model=x").status_code == 404


def test_csv_holds_the_cells(people, marketing):
    rows = list(csv.DictReader(io.StringIO(marketing.get("/scores/csv?model=threshold").content.decode())))
    assert len(rows) == 25
    assert next(row for row in rows if row["customers"] != "0") == {
        "r": "5", "f": "2", "customers": "1", "share": "0.5000", "average_m": "300000.00", "fewest_orders": "3", "most_orders": "3",
    }  # fmt: skip


def test_score_is_explained_by_its_facts(people):
    lan, minh = people
    rows = why_classes(lan.scores["threshold"], facts(lan))
    assert [name for name, _fact in rows] == ["R 5", "F 2", "M 2"]
    assert "within 1 month" in rows[0][1]
    assert rows[1][1] == "3 orders in 12 months: 2 to 3 orders"
    assert "300.000" in rows[2][1]
    nested = why_classes(minh.scores["statistical"], facts(minh))
    assert "the lowest fifth of all" in nested[0][1]


def test_stage_is_explained_by_its_facts(people):
    lan, minh = people
    assert "within 90 days" in dict(why_stage(lan, facts(lan), NOW))["Last answer"]
    assert "over 365 days ago" in dict(why_stage(minh, facts(minh), NOW))["Last order"]
    assert Shop.current().inactive_after_days == 365
