"""Many customers at once, made in the database: for what has to stay fast."""

from django.db import connection

CUSTOMERS = """
insert into crm_customer (name, email, phone, city, registered_at, tags)
select (array['Nguyễn','Trần','Lê','Phạm','Hoàng','Vũ','Đặng','Bùi','Đỗ','Hồ'])[1 + n %% 10] || ' '
    || (array['Thị','Văn','Hồng','Minh','Quốc','Thu','Xuân'])[1 + (n / 10) %% 7] || ' '
    || (array['Ánh','Bảo','Châu','Dung','Giang','Hà','Khánh','Lan','Mai','Nam','Phúc','Quỳnh'])[1 + (n / 70) %% 12] || ' ' || n,
    'customer' || n || '@example.vn', '+849' || lpad(n::text, 8, '0'),
    (array['Hà Nội','Hồ Chí Minh','Đà Nẵng','Huế'])[1 + n %% 4],
    now() - make_interval(days => n %% 1000, secs => n),
    case when n %% 50 = 7 then '["vip"]'::jsonb else '[]' end
from generate_series(1, %s) n
"""
FACTS = """
insert into crm_facts (customer_id, orders, revenue, first_order_at, last_order_at, stage)
select id, case when id %% 5 = 0 then 0 else 1 + id %% 9 end, case when id %% 5 = 0 then 0 else 100000 * (1 + id * 7919 %% 5000) end,
    case when id %% 5 > 0 then now() - interval '900 days' end,
    case when id %% 5 > 0 then now() - make_interval(days => (id * 31 %% 800)::int) end, 3 + id %% 5
from crm_customer
"""
SCORES = """
insert into crm_score (customer_id, model_id, r, f, m)
select customer_id, crm_scoringmodel.id, 1 + customer_id %% 5, 1 + customer_id / 5 %% 5, 1 + customer_id / 25 %% 5
from crm_facts, crm_scoringmodel where orders > 0
"""


def crowd(size: int) -> None:
    """`size` customers with facts and scores, and what Postgres should know of them."""
    with connection.cursor() as cursor:
        cursor.execute(CUSTOMERS, [size])
        cursor.execute(FACTS.replace("%%", "%"))
        cursor.execute(SCORES.replace("%%", "%"))
        # `vacuum` does not run in a transaction: without it index-only scans look at the table.
        cursor.execute("analyze crm_customer, crm_facts, crm_score")
