-- moved_heads tells what each head was before, too: a process that listens to rooms which it has not loaded goes on from there. A snapshot carries its
-- time, "xmin:xmax:list/milliseconds": when the moves of that time are gone, what came later is found by the entries' own times.
DROP FUNCTION moved_heads(text);
CREATE FUNCTION moved_heads(in_since text, OUT snapshot text, OUT epoch text, OUT rooms bigint[], OUT heads bigint[], OUT befores bigint[])
LANGUAGE sql STABLE AS $$
  WITH since AS (
    SELECT split_part(in_since, '/', 1)::pg_snapshot AS snapshot, coalesce(nullif(split_part(in_since, '/', 2), ''), '0')::bigint AS at
    WHERE in_since <> ''
  )
  SELECT pg_current_snapshot()::text || '/' || (extract(epoch FROM clock_timestamp()) * 1000)::bigint,
         (SELECT value FROM meta WHERE key = 'epoch'),
         array_agg(m.room), array_agg(m.head), array_agg(m.before)
  FROM (SELECT a.room, max(a.head) AS head, min(a.before) AS before FROM (
    SELECT x.room, max(x.head) AS head, min(x.before) AS before
    FROM since s, moves t, unnest(t.rooms, t.heads, t.befores) AS x (room, head, before)
    WHERE t.xact >= pg_snapshot_xmin(s.snapshot) AND NOT pg_visible_in_snapshot(t.xact, s.snapshot)
    GROUP BY x.room
    UNION ALL
    SELECT h.room, h.head,
           -- Clocks of processes and server may differ by a minute; too low a number costs nothing but a look.
           coalesce((SELECT e.seq FROM entries e WHERE e.room = h.room AND e.ts < s.at - 60000 ORDER BY e.seq DESC LIMIT 1), 0)
    FROM since s, heads h
    WHERE h.head > 0 AND pg_snapshot_xmin(s.snapshot)::text::numeric < (SELECT value::numeric FROM meta WHERE key = 'moves_floor')
  ) AS a GROUP BY a.room) AS m
$$;
