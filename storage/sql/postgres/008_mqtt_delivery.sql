-- Subscriptions of MQTT sessions, the rooms that they match, cursors, packet identifiers, claims.

-- Looks at `max` rooms at most after the name `after`: that of an exact filter (no pattern), or those from `prefix` on and before `beyond`. One snapshot.
CREATE FUNCTION mqtt_walk(
  in_pattern text, in_prefix bytea, in_beyond bytea, in_after bytea, in_max bigint, in_retained boolean, in_now bigint
) RETURNS SETOF mqtt_room LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF in_pattern IS NULL THEN
    RETURN QUERY
    SELECT 1::smallint, r.id, r.visibility, r.keep, h.head, r.floor, h.head, r.name, NULL::bytea,
           t.seq, t.ts, t.payload, t.flags, t.messages, t.expires, t.user_id, t.user_name, t.cid, t.content_type, t.properties, t.body
    FROM rooms r JOIN heads h ON h.room = r.id
    LEFT JOIN retained t ON in_retained AND t.room = r.id AND (t.expires IS NULL OR t.expires > in_now)
    WHERE sha256(r.name) = sha256(in_prefix) AND octet_length(in_after) = 0;
    RETURN NEXT (0, 0, 0, 0, 1, 0, 1, in_prefix, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::mqtt_room;
    RETURN;
  END IF;
  RETURN QUERY
  WITH looked AS MATERIALIZED (
    SELECT r.id, r.name, r.visibility, r.keep, r.floor FROM rooms r
    WHERE substr(r.name, 1, 255) >= substr(greatest(in_prefix, in_after), 1, 255) AND r.name >= in_prefix AND (octet_length(in_after) = 0 OR r.name > in_after)
      AND (in_beyond IS NULL OR (substr(r.name, 1, 255) <= substr(in_beyond, 1, 255) AND r.name < in_beyond))
    ORDER BY substr(r.name, 1, 255), r.name LIMIT in_max)
  SELECT * FROM (
    SELECT 1::smallint AS kind, l.id, l.visibility, l.keep, h.head, l.floor, h.head AS low, l.name, NULL::bytea,
           t.seq, t.ts, t.payload, t.flags, t.messages, t.expires, t.user_id, t.user_name, t.cid, t.content_type, t.properties, t.body
    FROM looked l JOIN heads h ON h.room = l.id
    LEFT JOIN retained t ON in_retained AND t.room = l.id AND (t.expires IS NULL OR t.expires > in_now)
    WHERE topic_matches(in_pattern, l.name)
    UNION ALL
    SELECT 0::smallint, 0, 0::smallint, 0::smallint, count(*), 0, (count(*) < in_max)::int, (SELECT m.name FROM looked m ORDER BY m.name DESC LIMIT 1), NULL,
           NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL
    FROM looked) AS page
  ORDER BY page.kind DESC, page.name;
END $$;

-- Whether one of the session's filters that keep cursors (of those before `before`, when it is given) matches the name.
CREATE FUNCTION mqtt_covered(in_session bigint, in_name bytea, in_before bytea) RETURNS boolean LANGUAGE sql STABLE AS $$
  SELECT EXISTS (
    SELECT FROM mqtt_subscriptions s
    WHERE s.session = in_session AND sha256(s.filter) = sha256(in_name) AND s.cursors AND s.pattern IS NULL AND (in_before IS NULL OR s.filter < in_before))
  OR EXISTS (
    SELECT FROM mqtt_subscriptions s
    WHERE s.session = in_session AND s.cursors AND s.pattern IS NOT NULL AND (in_before IS NULL OR s.filter < in_before) AND topic_matches(s.pattern, in_name))
$$;

CREATE FUNCTION mqtt_room_verdict(in_verdict int) RETURNS mqtt_room LANGUAGE sql IMMUTABLE AS $$
  SELECT 0::smallint, in_verdict::bigint, 0::smallint, 0::smallint, 0::bigint, 0::bigint, 1::bigint, NULL::bytea, NULL::bytea, NULL::bigint, NULL::bigint,
         NULL::smallint, NULL::smallint, NULL::bigint, NULL::bigint, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea
$$;

-- in_pattern, in_prefix, in_beyond: of what is matched against names, without "$share/{group}/"; an exact filter is its own prefix and has no pattern.
CREATE FUNCTION mqtt_subscribe(
  in_replica uuid, in_generation bigint, in_session bigint, in_session_generation bigint, in_filter bytea, in_qos smallint, in_options smallint,
  in_identifier bigint, in_cursors boolean, in_shared boolean, in_pattern text, in_prefix bytea, in_beyond bytea, in_after bytea, in_max bigint,
  in_retained boolean, in_now bigint
) RETURNS SETOF mqtt_room LANGUAGE plpgsql AS $$
DECLARE
  page mqtt_room;
  its record;
  known record;
  subscribed boolean;
BEGIN
  PERFORM fence(in_replica, in_generation);
  IF NOT mqtt_has_session(in_session, in_session_generation) THEN
    RETURN NEXT mqtt_room_verdict(1);
    RETURN;
  END IF;
  IF in_shared THEN
    LOOP
      INSERT INTO mqtt_groups (filter, members, pattern, prefix) VALUES (in_filter, 0, in_pattern, in_prefix) ON CONFLICT DO NOTHING;
      SELECT g.id, g.members INTO its FROM mqtt_groups g WHERE sha256(g.filter) = sha256(in_filter) FOR UPDATE;
      EXIT WHEN FOUND;
    END LOOP;
  END IF;
  FOR page IN SELECT * FROM mqtt_walk(in_pattern, in_prefix, in_beyond, in_after, in_max, in_retained AND NOT in_shared, in_now) LOOP
    IF page.kind = 1 AND in_shared THEN
      IF its.members = 0 THEN
        INSERT INTO mqtt_group_rooms AS r (group_id, room, next) VALUES (its.id, page.id, page.head + 1)
        ON CONFLICT (group_id, room) DO UPDATE SET next = excluded.next;
      END IF;
      page.low := coalesce((SELECT r.next FROM mqtt_group_rooms r WHERE r.group_id = its.id AND r.room = page.id), 1) - 1;
    ELSIF page.kind = 1 AND in_cursors THEN
      -- In a room that another subscription covers the session stands somewhere already: where its cursor is, or at 0 where it has none.
      IF mqtt_covered(in_session, page.name, NULL) THEN
        SELECT c.low, c.above INTO known FROM mqtt_cursors c WHERE c.room = page.id AND c.session = in_session;
        page.low := CASE WHEN FOUND THEN known.low ELSE 0 END;
        page.above := known.above;
        INSERT INTO mqtt_cursors (room, session, low) VALUES (page.id, in_session, 0) ON CONFLICT DO NOTHING;
      ELSE
        INSERT INTO mqtt_cursors AS c (room, session, low) VALUES (page.id, in_session, page.low)
        ON CONFLICT (room, session) DO UPDATE SET low = excluded.low, above = NULL;
      END IF;
    END IF;
    IF page.kind = 0 AND page.low = 1 THEN
      subscribed := EXISTS (SELECT FROM mqtt_subscriptions s WHERE s.session = in_session AND sha256(s.filter) = sha256(in_filter));
      IF in_shared AND NOT subscribed THEN
        UPDATE mqtt_groups g SET members = g.members + 1 WHERE g.id = its.id;
      END IF;
      INSERT INTO mqtt_subscriptions AS s (session, filter, qos, options, identifier, cursors, pattern, prefix, beyond)
      VALUES (in_session, in_filter, in_qos, in_options, in_identifier, in_cursors, in_pattern, in_prefix, in_beyond)
      ON CONFLICT (session, sha256(filter)) DO UPDATE SET qos = excluded.qos, options = excluded.options, identifier = excluded.identifier,
        cursors = excluded.cursors;
    END IF;
    RETURN NEXT page;
  END LOOP;
END $$;

-- Kind 0: the verdict. Kind 1: whether there was such a subscription, in the order of the filters.
CREATE FUNCTION mqtt_unsubscribe(in_replica uuid, in_generation bigint, in_session bigint, in_session_generation bigint, in_filters bytea[])
RETURNS SETOF mqtt_row LANGUAGE plpgsql AS $$
DECLARE
  each bytea;
  dropped boolean := false;
  there boolean;
BEGIN
  PERFORM fence(in_replica, in_generation);
  IF NOT mqtt_has_session(in_session, in_session_generation) THEN
    RETURN NEXT mqtt_verdict(1);
    RETURN;
  END IF;
  RETURN NEXT mqtt_verdict(0);
  FOREACH each IN ARRAY in_filters LOOP
    DELETE FROM mqtt_subscriptions s WHERE s.session = in_session AND sha256(s.filter) = sha256(each);
    there := FOUND;
    dropped := dropped OR there;
    IF there AND each >= '$share/'::bytea AND each < '$share0'::bytea THEN
      PERFORM mqtt_leave_group(each);
    END IF;
    RETURN NEXT (1, there::int, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::mqtt_row;
  END LOOP;
  IF dropped THEN
    UPDATE mqtt_sessions s SET untidy = 0 WHERE s.id = in_session;
  END IF;
END $$;

-- By filter, and then by room. A room is told under the first filter that matches it.
CREATE FUNCTION mqtt_backlog(
  in_session bigint, in_generation bigint, in_filter bytea, in_after bytea, in_max bigint, in_retained boolean, in_now bigint
) RETURNS SETOF mqtt_room LANGUAGE plpgsql STABLE AS $$
DECLARE
  f record;
  page mqtt_room;
  known record;
  after bytea := in_after;
  left_ bigint := in_max;
BEGIN
  IF NOT EXISTS (SELECT FROM mqtt_sessions s WHERE s.id = in_session AND s.generation = in_generation AND s.client_id IS NOT NULL) THEN
    RETURN NEXT mqtt_room_verdict(1);
    RETURN;
  END IF;
  FOR f IN SELECT s.filter, s.pattern, s.prefix, s.beyond FROM mqtt_subscriptions s WHERE s.session = in_session AND s.cursors AND s.filter >= in_filter
           ORDER BY s.filter LOOP
    IF left_ <= 0 THEN
      page := mqtt_room_verdict(0);
      page.low := 0;
      page.name := ''::bytea;
      page.above := f.filter;
      RETURN NEXT page;
      RETURN;
    END IF;
    IF f.filter <> in_filter THEN
      after := ''::bytea;
    END IF;
    FOR page IN SELECT * FROM mqtt_walk(f.pattern, f.prefix, f.beyond, after, left_, in_retained, in_now) LOOP
      IF page.kind = 1 THEN
        CONTINUE WHEN mqtt_covered(in_session, page.name, f.filter);
        SELECT c.low, c.above INTO known FROM mqtt_cursors c WHERE c.room = page.id AND c.session = in_session;
        page.low := CASE WHEN FOUND THEN known.low ELSE 0 END;
        page.above := known.above;
        CONTINUE WHEN page.head <= page.low;
        RETURN NEXT page;
      ELSIF page.low = 0 THEN  -- there are more of this filter
        page.head := 0;
        page.above := f.filter;
        RETURN NEXT page;
        RETURN;
      ELSE
        left_ := left_ - greatest(page.head, 1);
      END IF;
    END LOOP;
  END LOOP;
  RETURN NEXT mqtt_room_verdict(0);
END $$;

CREATE FUNCTION mqtt_share_backlog(
  in_filter bytea, in_pattern text, in_prefix bytea, in_beyond bytea, in_after bytea, in_max bigint, in_retained boolean, in_now bigint
) RETURNS SETOF mqtt_room LANGUAGE plpgsql STABLE AS $$
DECLARE
  its bigint := (SELECT g.id FROM mqtt_groups g WHERE sha256(g.filter) = sha256(in_filter) AND g.members > 0);
  page mqtt_room;
BEGIN
  IF its IS NULL THEN
    RETURN NEXT mqtt_room_verdict(0);
    RETURN;
  END IF;
  FOR page IN SELECT * FROM mqtt_walk(in_pattern, in_prefix, in_beyond, in_after, in_max, in_retained, in_now) LOOP
    IF page.kind = 1 THEN
      page.low := coalesce((SELECT r.next FROM mqtt_group_rooms r WHERE r.group_id = its AND r.room = page.id), 1) - 1;
      CONTINUE WHEN page.head <= page.low AND NOT EXISTS (SELECT FROM mqtt_claims c WHERE c.group_id = its AND c.room = page.id AND c.session IS NULL);
    END IF;
    RETURN NEXT page;
  END LOOP;
END $$;

-- Saves of sessions. Of save i each kind has the elements from *_ends[i - 1] + 1 to *_ends[i]. done: acknowledged packets; out: those under way; rel: QoS 2
-- packets that were released; held: received ones that became no entry; sh: ranges of groups that a session (sh_sessions) has claimed, `returned` or done. Answers which saves were taken.
CREATE FUNCTION mqtt_save(
  in_replica uuid, in_generation bigint, in_sessions bigint[], in_generations bigint[],
  c_ends int[], c_rooms bigint[], c_lows bigint[], c_aboves bytea[], done_ends int[], done_ids int[],
  out_ends int[], out_ids int[], out_states smallint[], out_rooms bigint[], out_seqs bigint[], out_orders bigint[],
  rel_ends int[], rel_ids int[], held_ends int[], held_ids int[],
  sh_ends int[], sh_sessions bigint[], sh_generations bigint[], sh_filters bytea[], sh_rooms bigint[], sh_firsts bigint[], sh_lasts bigint[], sh_returned boolean[],
  OUT taken boolean[]
) LANGUAGE plpgsql AS $$
DECLARE
  a int;
  b int;
  own bigint;
BEGIN
  PERFORM fence(in_replica, in_generation);
  PERFORM FROM mqtt_sessions s WHERE s.id = ANY (in_sessions || sh_sessions) ORDER BY s.id FOR SHARE;
  SELECT array_agg(EXISTS (SELECT FROM mqtt_sessions s WHERE s.id = u.session AND s.generation = u.generation AND s.client_id IS NOT NULL) ORDER BY u.i)
  INTO taken FROM unnest(in_sessions, in_generations) WITH ORDINALITY AS u (session, generation, i);
  FOR i IN 1..cardinality(in_sessions) LOOP
    CONTINUE WHEN NOT taken[i];
    own := in_sessions[i];
    a := coalesce(c_ends[i - 1], 0) + 1;
    b := c_ends[i];
    IF a <= b THEN
      INSERT INTO mqtt_cursors AS c (room, session, low, above)
      SELECT u.room, own, u.low, u.above FROM unnest(c_rooms[a:b], c_lows[a:b], c_aboves[a:b]) AS u (room, low, above)
      ON CONFLICT (room, session) DO UPDATE SET low = excluded.low, above = excluded.above;
    END IF;
    a := coalesce(done_ends[i - 1], 0) + 1;
    b := done_ends[i];
    IF a <= b THEN
      DELETE FROM mqtt_outbound o WHERE o.session = own AND o.packet_id = ANY (done_ids[a:b]);
    END IF;
    a := coalesce(out_ends[i - 1], 0) + 1;
    b := out_ends[i];
    IF a <= b THEN
      INSERT INTO mqtt_outbound AS o (session, packet_id, state, room, seq, sent)
      SELECT own, u.id, u.state, u.room, u.seq, u.sent
      FROM unnest(out_ids[a:b], out_states[a:b], out_rooms[a:b], out_seqs[a:b], out_orders[a:b]) AS u (id, state, room, seq, sent)
      ON CONFLICT (session, packet_id) DO UPDATE SET state = excluded.state, room = excluded.room, seq = excluded.seq, sent = excluded.sent;
    END IF;
    a := coalesce(rel_ends[i - 1], 0) + 1;
    b := rel_ends[i];
    IF a <= b THEN
      DELETE FROM mqtt_inbound n WHERE n.session = own AND n.packet_id = ANY (rel_ids[a:b]);
    END IF;
    a := coalesce(held_ends[i - 1], 0) + 1;
    b := held_ends[i];
    IF a <= b THEN
      INSERT INTO mqtt_inbound (session, packet_id, seq, ts, messages) SELECT own, u.id, 0, 0, 0 FROM unnest(held_ids[a:b]) AS u (id) ON CONFLICT DO NOTHING;
    END IF;
    FOR k IN coalesce(sh_ends[i - 1], 0) + 1..sh_ends[i] LOOP
      CONTINUE WHEN NOT EXISTS (SELECT FROM mqtt_sessions s WHERE s.id = sh_sessions[k] AND s.generation = sh_generations[k] AND s.client_id IS NOT NULL);
      PERFORM mqtt_progress(sh_sessions[k], sh_filters[k], sh_rooms[k], sh_firsts[k], sh_lasts[k], sh_returned[k]);
    END LOOP;
  END LOOP;
END $$;

CREATE FUNCTION mqtt_progress(in_session bigint, in_filter bytea, in_room bigint, in_first bigint, in_last bigint, in_returned boolean) RETURNS void
LANGUAGE plpgsql AS $$
DECLARE
  claim record;
BEGIN
  FOR claim IN
    SELECT c.group_id, c.first, c.last FROM mqtt_claims c
    WHERE c.session = in_session AND c.room = in_room AND c.group_id = (SELECT g.id FROM mqtt_groups g WHERE sha256(g.filter) = sha256(in_filter))
      AND c.first <= in_last AND c.last >= in_first
    ORDER BY c.first FOR UPDATE
  LOOP
    DELETE FROM mqtt_claims c WHERE c.group_id = claim.group_id AND c.room = in_room AND c.first = claim.first;
    IF claim.first < in_first THEN
      INSERT INTO mqtt_claims (group_id, room, first, last, session) VALUES (claim.group_id, in_room, claim.first, in_first - 1, in_session);
    END IF;
    IF claim.last > in_last THEN
      INSERT INTO mqtt_claims (group_id, room, first, last, session) VALUES (claim.group_id, in_room, in_last + 1, claim.last, in_session);
    END IF;
    IF in_returned THEN
      INSERT INTO mqtt_claims (group_id, room, first, last) VALUES (claim.group_id, in_room, greatest(claim.first, in_first), least(claim.last, in_last));
    END IF;
  END LOOP;
END $$;

-- Kind 0, per request: its place, the verdict. Kind 1: its place, first, last.
CREATE FUNCTION mqtt_claim(
  in_replica uuid, in_generation bigint, in_again boolean, in_token uuid, in_sessions bigint[], in_generations bigint[], in_filters bytea[],
  in_rooms bigint[], in_maxes bigint[]
) RETURNS SETOF mqtt_row LANGUAGE plpgsql AS $$
DECLARE
  its bigint;
  head_ bigint;
  left_ bigint;
  next_ bigint;
  taken_last bigint;
  free record;
BEGIN
  PERFORM fence(in_replica, in_generation);
  PERFORM FROM mqtt_sessions s WHERE s.id = ANY (in_sessions) ORDER BY s.id FOR SHARE;
  PERFORM FROM mqtt_groups g WHERE sha256(g.filter) IN (SELECT sha256(u.f) FROM unnest(in_filters) AS u (f)) ORDER BY g.id FOR UPDATE;
  FOR i IN 1..cardinality(in_sessions) LOOP
    IF NOT EXISTS (SELECT FROM mqtt_sessions s WHERE s.id = in_sessions[i] AND s.generation = in_generations[i] AND s.client_id IS NOT NULL) THEN
      RETURN NEXT (0, i, 1, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::mqtt_row;
      CONTINUE;
    END IF;
    its := (SELECT g.id FROM mqtt_groups g WHERE sha256(g.filter) = sha256(in_filters[i]));
    head_ := (SELECT h.head FROM heads h WHERE h.room = in_rooms[i]);
    IF its IS NULL OR head_ IS NULL
       OR NOT EXISTS (SELECT FROM mqtt_subscriptions s WHERE s.session = in_sessions[i] AND sha256(s.filter) = sha256(in_filters[i])) THEN
      RETURN NEXT (0, i, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::mqtt_row;
      CONTINUE;
    END IF;
    RETURN NEXT (0, i, 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::mqtt_row;
    IF in_again THEN
      RETURN QUERY SELECT 1::smallint, i::bigint, c.first, c.last, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea,
                          NULL::bytea, NULL::bytea, NULL::bytea
      FROM mqtt_claims c WHERE c.group_id = its AND c.room = in_rooms[i] AND c.session = in_sessions[i] AND c.token = in_token ORDER BY c.first;
      CONTINUE WHEN FOUND;
    END IF;
    left_ := in_maxes[i];
    FOR free IN SELECT c.first, c.last FROM mqtt_claims c WHERE c.group_id = its AND c.room = in_rooms[i] AND c.session IS NULL
                ORDER BY c.first LIMIT in_maxes[i] LOOP
      EXIT WHEN left_ <= 0;
      taken_last := least(free.last, free.first + left_ - 1);
      UPDATE mqtt_claims c SET session = in_sessions[i], token = in_token, last = taken_last
      WHERE c.group_id = its AND c.room = in_rooms[i] AND c.first = free.first;
      IF taken_last < free.last THEN
        INSERT INTO mqtt_claims (group_id, room, first, last) VALUES (its, in_rooms[i], taken_last + 1, free.last);
      END IF;
      left_ := left_ - (taken_last - free.first + 1);
      RETURN NEXT (1, i, free.first, taken_last, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::mqtt_row;
    END LOOP;
    next_ := coalesce((SELECT r.next FROM mqtt_group_rooms r WHERE r.group_id = its AND r.room = in_rooms[i]), 1);
    CONTINUE WHEN left_ <= 0 OR next_ > head_;
    taken_last := least(head_, next_ + left_ - 1);
    INSERT INTO mqtt_group_rooms AS r (group_id, room, next) VALUES (its, in_rooms[i], taken_last + 1)
    ON CONFLICT (group_id, room) DO UPDATE SET next = excluded.next;
    INSERT INTO mqtt_claims (group_id, room, first, last, session, token) VALUES (its, in_rooms[i], next_, taken_last, in_sessions[i], in_token);
    RETURN NEXT (1, i, next_, taken_last, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::mqtt_row;
  END LOOP;
END $$;

-- The lowest number of the room that a session or a group may still ask for; head + 1 when there is none.
CREATE FUNCTION mqtt_lowest_wanted(in_room bigint, in_name bytea, in_head bigint) RETURNS bigint LANGUAGE plpgsql STABLE AS $$
DECLARE
  lowest bigint := least(in_head + 1, (SELECT min(c.low) + 1 FROM mqtt_cursors c WHERE c.room = in_room));
BEGIN
  -- Sessions that a room made later than their SUBSCRIBE matches stand at 0 without a cursor.
  IF EXISTS (
    SELECT FROM mqtt_subscriptions s
    WHERE s.cursors AND s.pattern IS NOT NULL AND NOT EXISTS (SELECT FROM mqtt_cursors c WHERE c.room = in_room AND c.session = s.session)
      AND EXISTS (SELECT FROM mqtt_sessions x WHERE x.id = s.session AND x.client_id IS NOT NULL) AND topic_matches(s.pattern, in_name)) THEN
    RETURN 1;
  END IF;
  RETURN least(lowest, (
    SELECT min(least(coalesce(r.next, 1), (SELECT min(c.first) FROM mqtt_claims c WHERE c.group_id = g.id AND c.room = in_room)))
    FROM mqtt_groups g LEFT JOIN mqtt_group_rooms r ON r.group_id = g.id AND r.room = in_room
    WHERE g.members > 0 AND CASE WHEN g.pattern IS NULL THEN g.prefix = in_name ELSE topic_matches(g.pattern, in_name) END));
END $$;
