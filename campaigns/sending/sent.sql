-- sent.sql: mails that the server took, each with its moment. One whose lease had run out meanwhile is in doubt no more.
-- Whose name stands at a delivery is enough to know that it is still theirs: whatever gives it to another takes the name away.
update campaigns_delivery d set state = 'sent', sent_at = s.at, lease = null, reason = ''
from unnest(%(ids)s::bigint[], %(times)s::timestamptz[]) as s (id, at)
where d.id = s.id and d.worker = %(worker)s
