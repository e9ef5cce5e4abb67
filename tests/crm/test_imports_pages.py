"""The pages of imports: what staff send, see and download."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from django.core.files.storage import default_storage
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from crm.imports import engine, uploads
from crm.models import Customer, Import

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("valkey")]
Staff = Callable[..., Client]
GOOD = "id,customer,date,amount\n"


@pytest.fixture(autouse=True)
def media(request: pytest.FixtureRequest, settings: object, tmp_path: Path) -> None:
    if not request.node.get_closest_marker("celery"):  # the worker has the folder of the settings
        settings.MEDIA_ROOT = str(tmp_path)  # type: ignore[attr-defined]


def csv_file(text: str, name: str = "orders.csv") -> SimpleUploadedFile:
    return SimpleUploadedFile(name, text.encode())


def imported(text: str) -> Import:
    work = Import.objects.create(
        preset="generic", file_name="orders.csv", path=default_storage.save("x", csv_file(text))
    )
    uploads.run(work)
    work.refresh_from_db()
    return work


def test_a_file_is_kept_under_a_name_of_ours_until_it_is_imported(staff: Staff) -> None:
    answer = staff("Marketing").post(
        reverse("crm:import_new"), {"file": csv_file(GOOD + "A1,7,2026-01-02,5\n", "../../evil.csv")}
    )
    work = Import.objects.get()
    assert answer.url == work.get_absolute_url()
    assert (work.state, work.file_name, work.preset, work.by.name) == ("waiting", "evil.csv", "generic", "Marketing")
    assert work.path.startswith("imports/")
    assert "evil" not in work.path
    uploads.run(work)
    assert (work.state, default_storage.exists(work.path)) == ("done", False)


def test_the_kind_of_file_is_found_by_its_columns(staff: Staff) -> None:
    header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
    staff("Marketing").post(reverse("crm:import_new"), {"file": csv_file(header)})
    assert Import.objects.get().preset == "online-retail"


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (csv_file("PK\x03\x04"), "zip"),
        (csv_file("id,customer\n1,2\n"), "no column for: date, amount / price"),
        (csv_file(""), "empty"),
    ],
)
def test_a_bad_file_is_refused_before_anything_is_stored(
    staff: Staff, tmp_path: Path, file: SimpleUploadedFile, sentence: str
) -> None:
    file.seek(0)
    answer = staff("Marketing").post(reverse("crm:import_new"), {"file": file})
    assert answer.status_code == 422
    assert sentence in answer.content.decode()
    assert not Import.objects.exists()
    assert not list(tmp_path.rglob("*"))


def test_a_file_over_the_limit_is_refused(staff: Staff, settings: object) -> None:
    settings.IMPORT_MAX_UPLOAD = 10  # type: ignore[attr-defined]
    answer = staff("Marketing").post(reverse("crm:import_new"), {"file": csv_file(GOOD + "A1,7,2026-01-02,5\n")})
    assert answer.status_code == 422
    assert "larger than" in answer.content.decode()


def test_the_result_lists_what_was_left_out_a_page_at_a_time_and_all_in_a_csv_to_correct(staff: Staff) -> None:
    rows = "".join(f"A{n},7,never,5\n" for n in range(30))
    work = imported(GOOD + "B1,7,2026-01-02,5\n" + rows)
    client = staff("Marketing")
    page = client.get(work.get_absolute_url())
    assert page.context["reasons"][0].rows == 30
    assert [row.line for row in page.context["page"].rows] == list(range(3, 28))
    rest = client.get(work.get_absolute_url(), {"after": 27}).context["page"]
    assert ([row.line for row in rest.rows], rest.after) == ([28, 29, 30, 31, 32], None)
    back = client.get(work.get_absolute_url(), {"before": rest.before}).context["page"]
    assert ([row.line for row in back.rows][:1], back.before) == ([3], None)

    answer = client.get(reverse("crm:import_left_out", args=[work.public_id]))
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    lines = list(csv.reader(io.StringIO(text)))
    assert lines[0] == ["Line", "Reason", "id", "customer", "date", "amount"]
    assert lines[1] == ["3", "the date cannot be read", "A0", "7", "never", "5"]
    assert len(lines) == 31

    corrected = imported(text.replace("never", "2026-01-03"))
    assert (corrected.result["created"]["orders"], corrected.result["rejected"]) == (30, 0)


def test_cells_that_look_like_formulas_are_made_harmless_and_numbers_stay(staff: Staff) -> None:
    work = imported("id,customer,date,amount,note,=1+1\nA1,7,never,-5,=cmd(),\nA2,7,never,-5,=1+cmd(),+84 903\n")
    answer = staff("Marketing").get(reverse("crm:import_left_out", args=[work.public_id]))
    head, first, second = b"".join(answer.streaming_content).decode().splitlines()
    assert head.endswith("'=1+1")
    assert first.endswith("A1,7,never,-5,'=cmd(),")
    assert second.endswith("A2,7,never,-5,'=1+cmd(),+84 903")


def test_a_failed_import_says_why_and_a_stopped_one_that_nothing_is_there(staff: Staff) -> None:
    failed = imported(GOOD + "A1,7,03/04/2026,5\n")
    client = staff("Marketing")
    assert "03/04/2026" in client.get(failed.get_absolute_url()).content.decode()

    work = Import.objects.create(preset="generic", file_name="x.csv", path=default_storage.save("x", csv_file(GOOD)))
    assert client.get(reverse("crm:import_progress", args=[work.public_id])).status_code == 200
    assert client.post(reverse("crm:import_stop", args=[work.public_id])).url == work.get_absolute_url()
    work.refresh_from_db()
    assert work.stop_asked
    Import.objects.filter(pk=work.pk).update(state="stopped")
    assert "Nothing of this file" in client.get(work.get_absolute_url()).content.decode()
    ended = client.get(reverse("crm:import_progress", args=[work.public_id]))
    assert ended.headers["HX-Refresh"] == "true"


def test_only_who_may_move_data_enters(staff: Staff) -> None:
    assert staff("Sales").get(reverse("crm:imports")).status_code == 403
    assert staff("Support").get(reverse("crm:import_new")).status_code == 403
    assert staff("Manager").get(reverse("crm:imports")).status_code == 200


def test_the_list_needs_few_queries_however_many_imports_there_are(staff: Staff) -> None:
    client = staff("Marketing")
    Import.objects.bulk_create(Import(preset="generic", file_name=f"{n}.csv", state="done") for n in range(60))
    with CaptureQueriesContext(
        connection,
    ) as queries:
        page = client.get(reverse("crm:imports"))
    assert len(page.context["page"].rows) == 25
    assert len(queries) <= 12


@pytest.mark.celery
def test_a_worker_imports_what_was_sent(celery_worker: None, wait_until: Callable[..., object]) -> None:
    work = uploads.keep(csv_file(GOOD + "A1,7,2026-01-02,5\n"), "generic", {}, False, None)  # type: ignore[arg-type]
    wait_until(lambda: Import.objects.get(pk=work.pk).state in ("done", "failed"), 20, "the import")
    assert (Import.objects.get(pk=work.pk).error, Customer.objects.count()) == ("", 1)


@pytest.mark.django_db(transaction=True)
def test_an_import_that_is_told_to_stop_leaves_nothing(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(GOOD + "A1,7,2026-01-02,5\n")
    work = Import.objects.create(preset="generic", file_name="x.csv", stop_asked=True)
    engine.carry_out(work, path)
    work.refresh_from_db()
    assert (work.state, Customer.objects.count()) == ("stopped", 0)


@pytest.mark.django_db(transaction=True)
def test_the_step_and_its_rows_are_seen_while_the_import_is_not_yet_through(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(GOOD + "A1,7,2026-01-02,5\n")
    work = Import.objects.create(preset="generic", file_name="x.csv")
    seen = []
    kind = engine.imports.kinds["orders"]

    def check(job: object) -> None:
        seen.append(Import.objects.using("default").get(pk=work.pk).step)
        kind.check(job)  # type: ignore[arg-type]

    engine.imports.register(replace(kind, check=check))
    try:
        engine.carry_out(work, path)
    finally:
        engine.imports.register(kind)
    assert seen == ["Checking rows"]
