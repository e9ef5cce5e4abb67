"""A backup comes back whole, in one piece, and does not send."""

from pathlib import Path

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from crm.models import Customer, Shop
from tests import databases

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def elsewhere():
    """The address of a second, empty database."""
    name = f"{databases.NAME}_copy"
    with psycopg.connect(databases.url("postgres"), autocommit=True) as server:
        server.execute(f'create database "{name}"')
        yield databases.url(name)
        server.execute(f'drop database "{name}" with (force)')


def test_backup_restored_elsewhere_has_every_customer_and_holds_sending(tmp_path: Path, elsewhere: str):
    Customer.objects.bulk_create([Customer(name=f"Nguyễn Văn {number}") for number in range(1000)])
    call_command("backup", tmp_path / "shop.backup", verbosity=0)
    call_command("restore", tmp_path / "shop.backup", into=elsewhere)
    with psycopg.connect(elsewhere) as copy:
        assert copy.execute("select count(*) from crm_customer where name like 'Nguyễn Văn %'").fetchone() == (1000,)
        assert copy.execute("select bool_and(sending_held) from crm_shop").fetchone() == (True,)
        assert copy.execute("select count(*) from django_migrations").fetchone()[0] > 0
    assert not Shop.objects.filter(sending_held=True).exists()


def test_restore_takes_the_place_of_what_came_after_the_backup(tmp_path: Path):
    Customer.objects.create(name="Lan")
    call_command("backup", tmp_path / "shop.backup", verbosity=0)
    Customer.objects.create(name="Minh")
    with connection.cursor() as cursor:
        cursor.execute("create table newer (id int)")
    connection.close()
    call_command("restore", tmp_path / "shop.backup", replace=True)
    assert list(Customer.objects.values_list("name", flat=True)) == ["Lan"]
    assert "newer" not in connection.introspection.table_names()
    Customer.objects.create(name="Hoa")  # sequences and defaults came back too


def test_restore_refuses_a_full_database_unless_told(tmp_path: Path):
    Customer.objects.create(name="Lan")
    call_command("backup", tmp_path / "shop.backup", verbosity=0)
    with pytest.raises(CommandError, match="--replace"):
        call_command("restore", tmp_path / "shop.backup")


def test_a_file_that_is_no_backup_changes_nothing(tmp_path: Path):
    Customer.objects.create(name="Lan")
    (tmp_path / "orders.csv").write_text("customer,date,amount\n")
    with pytest.raises(CommandError, match="no backup"):
        call_command("restore", tmp_path / "orders.csv", replace=True)
    assert Customer.objects.count() == 1


def test_a_cut_off_backup_changes_nothing(tmp_path: Path):
    Customer.objects.bulk_create([Customer(name=f"Nguyễn Văn {number}") for number in range(2000)])
    call_command("backup", tmp_path / "shop.backup", verbosity=0)
    whole = (tmp_path / "shop.backup").read_bytes()
    (tmp_path / "half.backup").write_bytes(whole[: len(whole) * 3 // 4])
    connection.close()
    with pytest.raises(CommandError, match="changed nothing"):
        call_command("restore", tmp_path / "half.backup", replace=True)
    assert Customer.objects.count() == 2000


def test_a_database_that_is_not_there_is_said(tmp_path: Path):
    Customer.objects.bulk_create([Customer(name=f"Nguyễn Văn {number}") for number in range(2000)])
    call_command("backup", tmp_path / "shop.backup", verbosity=0)
    with pytest.raises(CommandError, match="does not exist"):
        call_command("restore", tmp_path / "shop.backup", into=databases.url("nowhere"), replace=True)
