-- progress.sql: something became of a delivery. At most once a second, for workers of one campaign share this row; a mail that
-- goes out takes away at once what kept others from it.
update campaigns_campaign
set progress_at = now(), trouble = case when %(sent)s and state = 'sending' then '' else trouble end
where id = %(campaign)s
  and (progress_at is null or progress_at < now() - interval '1 second' or (%(sent)s and state = 'sending' and trouble <> ''))
