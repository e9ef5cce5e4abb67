"""A file from a fair, imported as staff would: some orders, and some rows that cannot be right, so that its page shows both."""

from datetime import datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from crm.imports import engine
from crm.models import Import, User

HEADER = "order number,customer,date,sku,quantity,price,name,phone"
PEOPLE = [("Lý Thu Trang", "0905 221 340"), ("Đinh Quốc Việt", "0938 610 275"), ("Mai Khánh Vy", "0972 845 116")]
BAD = [
    "HC-90,HC-4,{day},TX-TC100,0,180000,Tạ Hữu Nam,",
    "HC-91,HC-5,,TS-100,1,420000,Bùi Mỹ Duyên,",
    "HC-92,HC-6,{day},AC-BT,1,hỏi lại,Hồ Đức Tâm,",
    "HC-93,HC-7,{day},HQ-NHO,-2,390000,Ngô Bích Loan,",
]


def import_file(now: datetime) -> None:
    """Import it as of a few days ago; the customers are scored with everybody else."""
    day = f"{now - timedelta(days=4):%Y-%m-%d 10:30}"
    good = [
        f"HC-{number},HC-{number % 3},{day},TS-100,{1 + number % 2},420000,{PEOPLE[number % 3][0]},{PEOPLE[number % 3][1]}"
        for number in range(9)
    ]
    manager = User.objects.filter(groups__name="Manager").first()
    work = Import.objects.create(preset="generic", file_name="hoi-cho-thang-11.csv", by=manager)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "fair.csv"
        path.write_text("\n".join([HEADER, *good, *(row.format(day=day) for row in BAD)]))
        engine.carry_out(work, path, score=False)
