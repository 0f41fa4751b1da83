-- The other changes, each one call and so one transaction. Every one may be sent again after its outcome was lost, and then answers the same.

-- The room's row of room_state; none when another call has made the name.
CREATE FUNCTION create_room(
  in_name bytea, in_title bytea, in_visibility smallint, in_keep smallint, in_owner_id bytea, in_owner_name bytea, in_now bigint, in_token uuid
) RETURNS SETOF room_state LANGUAGE plpgsql AS $$
DECLARE
  new_id bigint;
BEGIN
  INSERT INTO rooms (name, title, visibility, keep, created, token) VALUES (in_name, in_title, in_visibility, in_keep, in_now, in_token)
  ON CONFLICT (sha256(name)) DO NOTHING
  RETURNING id INTO new_id;
  IF FOUND THEN
    INSERT INTO heads (room) VALUES (new_id);
    IF in_owner_id IS NOT NULL THEN
      PERFORM change_member(new_id, in_owner_id, in_owner_name, 5::smallint, in_now);
    END IF;
  END IF;
  RETURN QUERY SELECT s.* FROM room_state s JOIN rooms r ON r.id = s.id WHERE sha256(r.name) = sha256(in_name) AND r.token = in_token;
END $$;

-- Unread messages after a mark, at most a thousand.
CREATE FUNCTION unread(in_room bigint, in_mark bigint, in_user bytea) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT count(*) FROM (
    SELECT FROM entries e
    WHERE e.room = in_room AND e.seq > in_mark AND e.type = 1 AND e.flags & 2 = 0 AND e.user_id <> in_user
    LIMIT 1000) AS counted
$$;

-- The mark as it stands and what is unread after it; no row when there is no such room.
CREATE FUNCTION set_read(in_room bigint, in_user bytea, in_seq bigint, OUT mark bigint, OUT unread bigint) RETURNS SETOF record LANGUAGE plpgsql AS $$
DECLARE
  head bigint := (SELECT h.head FROM heads h WHERE h.room = in_room);
BEGIN
  IF head IS NULL THEN
    RETURN;
  END IF;
  -- Unchanged marks write nothing.
  INSERT INTO marks AS m (room, user_id, seq) VALUES (in_room, in_user, least(in_seq, head))
  ON CONFLICT (room, user_id) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > m.seq;
  mark := (SELECT m.seq FROM marks m WHERE m.room = in_room AND m.user_id = in_user);
  unread := unread(in_room, mark, in_user);
  RETURN NEXT;
END $$;

CREATE FUNCTION create_account(in_id bytea, in_name bytea, in_folded bytea, in_password_hash bytea, in_created bigint) RETURNS boolean
LANGUAGE plpgsql AS $$
BEGIN
  INSERT INTO accounts (id, name, folded, password_hash, created) VALUES (in_id, in_name, in_folded, in_password_hash, in_created)
  ON CONFLICT DO NOTHING;
  RETURN FOUND OR EXISTS (SELECT FROM accounts a
                          WHERE a.id = in_id AND a.name = in_name AND a.password_hash = in_password_hash AND a.created = in_created);
END $$;

-- verdict: 0 rotated, 1 unknown or revoked, 2 expired, 3 used before, and its successor too: the whole family is revoked.
CREATE FUNCTION rotate_refresh(in_old bytea, in_next bytea, in_expires bigint, in_now bigint,
                               OUT verdict smallint, OUT family bytea, OUT user_id bytea, OUT expires bigint) LANGUAGE plpgsql AS $$
DECLARE
  was_replaced boolean;
  last bytea;
BEGIN
  SELECT r.family, r.user_id, r.expires, r.replaced, r.successor INTO family, user_id, expires, was_replaced, last
  FROM refresh r WHERE r.hash = in_old FOR UPDATE;
  IF NOT FOUND THEN
    verdict := 1;
  ELSIF was_replaced AND last = in_next THEN
    verdict := 0;  -- by this call, when it was sent before
  ELSIF was_replaced AND NOT EXISTS (SELECT FROM refresh r WHERE r.hash = last AND NOT r.replaced FOR UPDATE) THEN
    DELETE FROM refresh r WHERE r.family = rotate_refresh.family;
    verdict := 3;
  ELSIF expires <= in_now THEN
    verdict := 2;
  ELSE
    UPDATE refresh r SET replaced = true, successor = NULL WHERE was_replaced AND r.hash = last;
    UPDATE refresh r SET replaced = true, successor = in_next WHERE r.hash = in_old;
    INSERT INTO refresh AS r (hash, family, user_id, expires) VALUES (in_next, rotate_refresh.family, rotate_refresh.user_id, in_expires)
    ON CONFLICT (hash) DO UPDATE
    SET family = excluded.family, user_id = excluded.user_id, expires = excluded.expires, replaced = false, successor = NULL;
    verdict := 0;
  END IF;
END $$;

-- Moves the floors of rooms; answers those that moved. Locks as an append does. What the last append left in `heads` outlives the entries.
CREATE FUNCTION prune_rooms(in_rooms bigint[], in_floors bigint[]) RETURNS TABLE (room bigint, floor bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM heads h WHERE h.room = ANY (in_rooms) ORDER BY h.room FOR UPDATE;
  FOR room, floor IN SELECT u.room, u.floor FROM unnest(in_rooms, in_floors) AS u (room, floor) ORDER BY u.room LOOP
    UPDATE rooms r SET floor = prune_rooms.floor WHERE r.id = prune_rooms.room AND r.floor < prune_rooms.floor;
    CONTINUE WHEN NOT FOUND;
    DELETE FROM entries e WHERE e.room = prune_rooms.room AND e.seq < prune_rooms.floor;
    DELETE FROM reactions x WHERE x.room = prune_rooms.room AND x.target < prune_rooms.floor;
    RETURN NEXT;
  END LOOP;
END $$;

-- What needs no memory any more: expired tokens, moves that everybody has seen long ago, processes that ended. At most in_rows of each.
CREATE FUNCTION prune_rest(in_now bigint, in_moves_before bigint, in_rows int) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  last xid8;
BEGIN
  DELETE FROM refresh r WHERE r.hash IN (SELECT o.hash FROM refresh o WHERE o.expires <= in_now LIMIT in_rows);
  WITH old AS (SELECT m.ctid AS place FROM moves m WHERE m.at < in_moves_before ORDER BY m.xact LIMIT in_rows),
       gone AS (DELETE FROM moves m USING old WHERE m.ctid = old.place RETURNING m.xact)
  SELECT max(g.xact::text::numeric)::text::xid8 INTO last FROM gone g;
  IF last IS NOT NULL THEN
    UPDATE meta SET value = greatest(value::numeric, last::text::numeric + 1)::text WHERE key = 'moves_floor';
  END IF;
  DELETE FROM replicas r WHERE r.seen < now() - interval '7 days';
END $$;

-- Which rooms' heads moved since a snapshot: the moves whose transactions it did not see. Where moves that it may not have seen are gone, every room.
CREATE FUNCTION moved_heads(in_since text, OUT snapshot text, OUT epoch text, OUT rooms bigint[], OUT heads bigint[]) LANGUAGE sql STABLE AS $$
  SELECT pg_current_snapshot()::text,
         (SELECT value FROM meta WHERE key = 'epoch'),
         array_agg(m.room), array_agg(m.head)
  FROM (
    SELECT x.room, max(x.head) AS head
    FROM moves t, unnest(t.rooms, t.heads) AS x (room, head)
    WHERE in_since <> '' AND t.xact >= pg_snapshot_xmin(in_since::pg_snapshot) AND NOT pg_visible_in_snapshot(t.xact, in_since::pg_snapshot)
    GROUP BY x.room
    UNION
    SELECT h.room, h.head FROM heads h
    WHERE in_since <> '' AND h.head > 0
      AND pg_snapshot_xmin(in_since::pg_snapshot)::text::numeric < (SELECT value::numeric FROM meta WHERE key = 'moves_floor')
  ) AS m
$$;

-- Raises the generation of a process, and so waits for what it sent before or makes it fail.
CREATE FUNCTION raise_generation(in_replica uuid) RETURNS bigint LANGUAGE sql AS $$
  INSERT INTO replicas AS r (id, generation, seen) VALUES (in_replica, 1, now())
  ON CONFLICT (id) DO UPDATE SET generation = r.generation + 1, seen = now()
  RETURNING generation
$$;

-- The epoch, begun anew when the log now lies in another database than the last time.
CREATE FUNCTION settle_epoch(in_new text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  place text := (SELECT system_identifier FROM pg_control_system()) || '/' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8) || '/' ||
                (SELECT oid FROM pg_database WHERE datname = current_database());
BEGIN
  INSERT INTO meta (key, value) VALUES ('place', '') ON CONFLICT DO NOTHING;
  PERFORM FROM meta WHERE key = 'place' FOR UPDATE;
  IF (SELECT value FROM meta WHERE key = 'place') <> place THEN
    UPDATE meta SET value = place WHERE key = 'place';
    INSERT INTO meta AS m (key, value) VALUES ('epoch', in_new) ON CONFLICT (key) DO UPDATE SET value = excluded.value;
  END IF;
  RETURN (SELECT value FROM meta WHERE key = 'epoch');
END $$;

-- Begins a new epoch here, whatever the last one was.
CREATE FUNCTION bump_epoch(in_new text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
  PERFORM settle_epoch(in_new);
  UPDATE meta SET value = in_new WHERE key = 'epoch';
  RETURN in_new;
END $$;
