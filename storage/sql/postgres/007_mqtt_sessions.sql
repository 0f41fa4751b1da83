-- The life of MQTT sessions. Each function is called under the generation of the process's connection for MQTT (fence), and may be sent again under the next
-- one: then it answers the same.

CREATE FUNCTION fence(in_replica uuid, in_generation bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM replicas r WHERE r.id = in_replica AND r.generation = in_generation FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this replica was fenced' USING ERRCODE = 'PY001';
  END IF;
END $$;

CREATE FUNCTION mqtt_verdict(in_verdict int) RETURNS mqtt_row LANGUAGE sql IMMUTABLE AS
$$ SELECT (0, in_verdict, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)::mqtt_row $$;

-- Locks it against a take-over.
CREATE FUNCTION mqtt_has_session(in_session bigint, in_generation bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM FROM mqtt_sessions s WHERE s.id = in_session AND s.generation = in_generation AND s.client_id IS NOT NULL FOR SHARE;
  RETURN FOUND;
END $$;

CREATE FUNCTION mqtt_later(in_at bigint, in_seconds bigint) RETURNS bigint LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN in_seconds = 4294967295 THEN 9223372036854775807 ELSE in_at + in_seconds * 1000 END $$;

-- Due at `at`, unless it is due earlier; it still belongs to the session.
CREATE FUNCTION mqtt_schedule_will(in_session bigint, in_at bigint, in_expiry_s bigint) RETURNS void LANGUAGE sql AS $$
  UPDATE mqtt_wills SET due = mqtt_later(in_at, least(delay_s, in_expiry_s)) WHERE session = in_session AND due IS NULL
$$;
-- Due now at the latest, whatever the session does.
CREATE FUNCTION mqtt_release_will(in_session bigint, in_now bigint) RETURNS void LANGUAGE sql AS $$
  UPDATE mqtt_wills SET session = NULL, due = least(coalesce(due, in_now), in_now) WHERE session = in_session
$$;

-- Kind 4, for those that are due.
CREATE FUNCTION mqtt_due_wills(in_client bytea, in_now bigint, in_limit bigint) RETURNS SETOF mqtt_row LANGUAGE plpgsql STABLE AS $$
BEGIN
  IF in_client IS NULL THEN
    RETURN QUERY SELECT 4::smallint, w.id, w.qos::bigint, w.retain::int::bigint, w.delay_s, w.expiry_s, w.payload::bigint,
                        w.client_id, w.topic, w.user_id, w.user_name, w.content_type, w.properties, w.body
    FROM mqtt_wills w WHERE w.due <= in_now ORDER BY w.due, w.id LIMIT in_limit;
  ELSE
    RETURN QUERY SELECT 4::smallint, w.id, w.qos::bigint, w.retain::int::bigint, w.delay_s, w.expiry_s, w.payload::bigint,
                        w.client_id, w.topic, w.user_id, w.user_name, w.content_type, w.properties, w.body
    FROM mqtt_wills w WHERE sha256(w.client_id) = sha256(in_client) AND w.due <= in_now ORDER BY w.id LIMIT in_limit;
  END IF;
END $$;

-- The session's claims go back to their groups, but for what is under way to it with QoS 2: that stays its own, or is done when the session ends.
CREATE FUNCTION mqtt_release_claims(in_session bigint, in_ends boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  claim record;
  own record;
  at bigint;
BEGIN
  FOR claim IN SELECT c.group_id, c.room, c.first, c.last FROM mqtt_claims c WHERE c.session = in_session ORDER BY c.group_id, c.room, c.first FOR UPDATE LOOP
    DELETE FROM mqtt_claims c WHERE c.group_id = claim.group_id AND c.room = claim.room AND c.first = claim.first;
    at := claim.first;
    FOR own IN SELECT o.seq FROM mqtt_outbound o WHERE o.session = in_session AND o.room = claim.room AND o.state >= 2 AND o.seq BETWEEN claim.first AND claim.last
               ORDER BY o.seq LOOP
      IF own.seq > at THEN
        INSERT INTO mqtt_claims (group_id, room, first, last) VALUES (claim.group_id, claim.room, at, own.seq - 1);
      END IF;
      IF NOT in_ends AND own.seq >= at THEN
        INSERT INTO mqtt_claims (group_id, room, first, last, session) VALUES (claim.group_id, claim.room, own.seq, own.seq, in_session);
      END IF;
      at := greatest(at, own.seq + 1);
    END LOOP;
    IF at <= claim.last THEN
      INSERT INTO mqtt_claims (group_id, room, first, last) VALUES (claim.group_id, claim.room, at, claim.last);
    END IF;
  END LOOP;
END $$;

CREATE FUNCTION mqtt_leave_group(in_filter bytea) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  its record;
BEGIN
  SELECT g.id, g.members INTO its FROM mqtt_groups g WHERE sha256(g.filter) = sha256(in_filter) FOR UPDATE;
  IF its.members > 1 THEN
    UPDATE mqtt_groups g SET members = g.members - 1 WHERE g.id = its.id;
  ELSE
    DELETE FROM mqtt_claims c WHERE c.group_id = its.id;
    DELETE FROM mqtt_group_rooms r WHERE r.group_id = its.id;
    DELETE FROM mqtt_groups g WHERE g.id = its.id;
  END IF;
END $$;

-- The connection ended: the session stays until it expires.
CREATE FUNCTION mqtt_disconnect(in_session bigint, in_expiry_s bigint, in_at bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  UPDATE mqtt_sessions s SET owner = NULL, expiry_s = in_expiry_s, expires = mqtt_later(in_at, in_expiry_s) WHERE s.id = in_session;
  PERFORM mqtt_schedule_will(in_session, in_at, in_expiry_s);
END $$;

-- Its owner died: as disconnected, and the owner's key is worth nothing any more.
CREATE FUNCTION mqtt_lapse(in_session bigint, in_at bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM mqtt_disconnect(in_session, s.expiry_s, in_at) FROM mqtt_sessions s WHERE s.id = in_session;
  UPDATE mqtt_sessions s SET generation = s.generation + 1, interrupted = true WHERE s.id = in_session;
  PERFORM mqtt_release_claims(in_session, false);
END $$;

-- The session is gone for everybody; its rows are removed by mqtt_sweep.
CREATE FUNCTION mqtt_end(in_session bigint, in_now bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM mqtt_release_claims(in_session, true);
  PERFORM mqtt_leave_group(s.filter) FROM (
    SELECT x.filter FROM mqtt_subscriptions x JOIN mqtt_groups g ON sha256(g.filter) = sha256(x.filter)
    WHERE x.session = in_session AND x.filter >= '$share/'::bytea AND x.filter < '$share0'::bytea ORDER BY g.id) s;
  PERFORM mqtt_release_will(in_session, in_now);
  UPDATE mqtt_sessions s SET client_id = NULL, owner = NULL, expires = NULL, untidy = NULL WHERE s.id = in_session;
END $$;

-- When the lease of an owner ended; NULL while it has not.
CREATE FUNCTION mqtt_lease_end(in_owner bytea, in_now bigint) RETURNS bigint LANGUAGE sql STABLE AS $$
  SELECT CASE WHEN until > in_now THEN NULL ELSE until END
  FROM (SELECT coalesce((SELECT o.until FROM mqtt_owners o WHERE o.owner = in_owner), in_now) AS until) AS lease
$$;

-- Kind 0: the verdict, id, generation, present (1) and interrupted (2), previous id, previous generation; the previous owner. Kind 1: a subscription (qos, options, identifier; filter).
-- Kind 2: outbound (packet id, state, room, seq, order). Kind 3: inbound. Kind 4: wills that are due by this.
CREATE FUNCTION mqtt_open(
  in_replica uuid, in_generation bigint, in_token uuid, in_client bytea, in_user bytea, in_owner bytea, in_clean boolean, in_expiry_s bigint, in_now bigint,
  will_topic bytea, will_qos smallint, will_retain boolean, will_delay_s bigint, will_expiry_s bigint, will_payload smallint, will_user_id bytea,
  will_user_name bytea, will_content_type bytea, will_properties bytea, will_body bytea
) RETURNS SETOF mqtt_row LANGUAGE plpgsql AS $$
DECLARE
  s mqtt_sessions;
  at bigint;
  there boolean;
  was_connected boolean := false;
  before_id bigint := 0;
  before_generation bigint := 0;
  before_owner bytea;
  new_id bigint;
BEGIN
  PERFORM fence(in_replica, in_generation);
  LOOP
    SELECT * INTO s FROM mqtt_sessions x WHERE sha256(x.client_id) = sha256(in_client) FOR UPDATE;
    there := FOUND;
    EXIT WHEN there AND s.token = in_token;  -- by this call, when it was sent before
    IF there AND s.owner IS NOT NULL THEN
      at := mqtt_lease_end(s.owner, in_now);
      IF at IS NOT NULL THEN
        PERFORM mqtt_lapse(s.id, at);
        SELECT * INTO s FROM mqtt_sessions x WHERE x.id = s.id;
      END IF;
    END IF;
    IF there AND s.owner IS NULL AND s.expires <= in_now THEN
      PERFORM mqtt_end(s.id, in_now);
      there := false;
    END IF;
    IF there THEN
      IF s.user_id <> in_user THEN
        RETURN NEXT mqtt_verdict(3);
        RETURN;
      END IF;
      was_connected := s.owner IS NOT NULL;
      before_id := s.id;
      before_generation := s.generation;
      before_owner := s.owner;
      -- A session without expiry ends with its connection, which this one ends.
      IF in_clean OR (was_connected AND s.expiry_s = 0) THEN
        PERFORM mqtt_end(s.id, in_now);
        there := false;
      ELSE
        DELETE FROM mqtt_wills w WHERE w.session = s.id AND NOT (coalesce(w.due <= in_now, false) OR (was_connected AND w.delay_s = 0));
        PERFORM mqtt_release_will(s.id, in_now);
        UPDATE mqtt_sessions x SET generation = x.generation + 1, owner = in_owner, expiry_s = in_expiry_s, expires = NULL, token = in_token,
          was_present = true, was_interrupted = x.interrupted OR was_connected, interrupted = false, was_id = before_id, was_generation = before_generation, was_owner = before_owner
        WHERE x.id = s.id;
        new_id := s.id;
      END IF;
    END IF;
    IF NOT there THEN
      INSERT INTO mqtt_sessions (client_id, generation, user_id, owner, expiry_s, token, was_present, was_interrupted, was_id, was_generation, was_owner)
      VALUES (in_client, before_generation + 1, in_user, in_owner, in_expiry_s, in_token, false, false, before_id, before_generation, before_owner)
      ON CONFLICT (sha256(client_id)) WHERE client_id IS NOT NULL DO NOTHING RETURNING id INTO new_id;
      CONTINUE WHEN NOT FOUND;  -- another process was quicker
    END IF;
    IF will_topic IS NOT NULL THEN
      INSERT INTO mqtt_wills (session, client_id, topic, qos, retain, delay_s, expiry_s, payload, user_id, user_name, content_type, properties, body)
      VALUES (new_id, in_client, will_topic, will_qos, will_retain, will_delay_s, will_expiry_s, will_payload, will_user_id, will_user_name,
              will_content_type, will_properties, will_body);
    END IF;
    SELECT * INTO s FROM mqtt_sessions x WHERE x.id = new_id;
    EXIT;
  END LOOP;
  RETURN QUERY SELECT 0::smallint, 0::bigint, s.id, s.generation, s.was_present::int::bigint + 2 * s.was_interrupted::int, s.was_id, s.was_generation, s.was_owner, NULL::bytea, NULL::bytea,
                      NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea;
  RETURN QUERY SELECT 1::smallint, x.qos::bigint, x.options::bigint, x.identifier, NULL::bigint, NULL::bigint, NULL::bigint, x.filter, NULL::bytea, NULL::bytea,
                      NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea
  FROM mqtt_subscriptions x WHERE x.session = s.id ORDER BY x.filter;
  RETURN QUERY SELECT 2::smallint, o.packet_id::bigint, o.state::bigint, o.room, o.seq, o.sent, NULL::bigint, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea,
                      NULL::bytea, NULL::bytea, NULL::bytea
  FROM mqtt_outbound o WHERE o.session = s.id ORDER BY o.sent;
  RETURN QUERY SELECT 3::smallint, n.packet_id::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bigint, NULL::bytea, NULL::bytea,
                      NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea, NULL::bytea
  FROM mqtt_inbound n WHERE n.session = s.id ORDER BY n.packet_id;
  RETURN QUERY SELECT * FROM mqtt_due_wills(in_client, in_now, 1000);
END $$;

-- Kind 0: the verdict. Kind 4: wills that are due by this.
CREATE FUNCTION mqtt_close(
  in_replica uuid, in_generation bigint, in_again boolean, in_session bigint, in_session_generation bigint, in_expiry_s bigint, in_drop_will boolean,
  in_now bigint
) RETURNS SETOF mqtt_row LANGUAGE plpgsql AS $$
DECLARE
  s mqtt_sessions;
BEGIN
  PERFORM fence(in_replica, in_generation);
  SELECT * INTO s FROM mqtt_sessions x WHERE x.id = in_session AND x.generation = in_session_generation FOR UPDATE;
  IF NOT FOUND OR (s.client_id IS NULL AND NOT in_again) THEN
    RETURN NEXT mqtt_verdict(1);
    RETURN;
  END IF;
  RETURN NEXT mqtt_verdict(0);
  IF s.owner IS NULL AND NOT in_again THEN
    RETURN;
  END IF;
  IF s.owner IS NOT NULL THEN
    IF in_drop_will THEN
      DELETE FROM mqtt_wills w WHERE w.session = s.id;
    END IF;
    PERFORM mqtt_disconnect(s.id, coalesce(in_expiry_s, s.expiry_s), in_now);
    IF coalesce(in_expiry_s, s.expiry_s) = 0 THEN
      PERFORM mqtt_end(s.id, in_now);
    END IF;
  END IF;
  RETURN QUERY SELECT * FROM mqtt_due_wills(s.client_id, in_now, 1000) WHERE s.client_id IS NOT NULL;
END $$;

CREATE FUNCTION mqtt_renew_lease(in_replica uuid, in_generation bigint, in_owner bytea, in_until bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fence(in_replica, in_generation);
  INSERT INTO mqtt_owners AS o (owner, until) VALUES (in_owner, in_until) ON CONFLICT (owner) DO UPDATE SET until = excluded.until;
END $$;

CREATE FUNCTION mqtt_take_will(in_replica uuid, in_generation bigint, in_will bigint) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
  PERFORM fence(in_replica, in_generation);
  DELETE FROM mqtt_wills w WHERE w.id = in_will;
  RETURN FOUND;
END $$;

-- Of the session's cursors in rooms from `from` on, at most `rows`, removes those that no subscription covers; answers how many it looked at.
CREATE FUNCTION mqtt_tidy(in_session bigint, in_from bigint, in_rows bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  cursor_at record;
  looked bigint := 0;
  next bigint := in_from;
BEGIN
  FOR cursor_at IN SELECT c.room, r.name FROM mqtt_cursors c JOIN rooms r ON r.id = c.room WHERE c.session = in_session AND c.room >= in_from
                   ORDER BY c.room LIMIT in_rows LOOP
    looked := looked + 1;
    next := cursor_at.room + 1;
    IF NOT mqtt_covered(in_session, cursor_at.name, NULL) THEN
      DELETE FROM mqtt_cursors c WHERE c.room = cursor_at.room AND c.session = in_session;
    END IF;
  END LOOP;
  UPDATE mqtt_sessions s SET untidy = CASE WHEN looked < in_rows THEN NULL ELSE next END WHERE s.id = in_session;
  RETURN looked;
END $$;

-- Kind 0: whether to sweep again soon. Kind 1: lapsed, kind 2: ended (id, generation; client, owner). Sessions that another process has locked are left to it.
CREATE FUNCTION mqtt_sweep(in_replica uuid, in_generation bigint, in_now bigint, in_rows bigint) RETURNS SETOF mqtt_row LANGUAGE plpgsql AS $$
DECLARE
  left_ bigint := in_rows;
  dead record;
  s record;
  touched bigint;
BEGIN
  PERFORM fence(in_replica, in_generation);
  -- Owners are few, their sessions many: from one to the next by the index.
  FOR dead IN
    WITH RECURSIVE o AS (
      (SELECT x.owner FROM mqtt_sessions x WHERE x.owner IS NOT NULL ORDER BY x.owner LIMIT 1)
      UNION ALL
      SELECT (SELECT x.owner FROM mqtt_sessions x WHERE x.owner IS NOT NULL AND x.owner > o.owner ORDER BY x.owner LIMIT 1) FROM o WHERE o.owner IS NOT NULL)
    SELECT o.owner, mqtt_lease_end(o.owner, in_now) AS at FROM o WHERE o.owner IS NOT NULL
  LOOP
    CONTINUE WHEN dead.at IS NULL;
    EXIT WHEN left_ <= 0;
    FOR s IN SELECT x.id, x.generation, x.client_id, x.owner FROM mqtt_sessions x WHERE x.owner = dead.owner ORDER BY x.id LIMIT left_
             FOR UPDATE SKIP LOCKED LOOP
      PERFORM mqtt_lapse(s.id, dead.at);
      left_ := left_ - 1;
      RETURN NEXT (1, s.id, s.generation, NULL, NULL, NULL, NULL, s.client_id, s.owner, NULL, NULL, NULL, NULL, NULL)::mqtt_row;
    END LOOP;
  END LOOP;
  DELETE FROM mqtt_owners o WHERE o.until <= in_now AND NOT EXISTS (SELECT FROM mqtt_sessions x WHERE x.owner = o.owner);

  FOR s IN SELECT x.id, x.generation, x.client_id FROM mqtt_sessions x WHERE x.expires <= in_now ORDER BY x.expires LIMIT greatest(left_, 0)
           FOR UPDATE SKIP LOCKED LOOP
    PERFORM mqtt_end(s.id, in_now);
    left_ := left_ - 1;
    RETURN NEXT (2, s.id, s.generation, NULL, NULL, NULL, NULL, s.client_id, NULL, NULL, NULL, NULL, NULL, NULL)::mqtt_row;
  END LOOP;

  FOR s IN SELECT x.id FROM mqtt_sessions x WHERE x.client_id IS NULL ORDER BY x.id LIMIT greatest(left_, 0) FOR UPDATE SKIP LOCKED LOOP
    EXIT WHEN left_ <= 0;
    DELETE FROM mqtt_cursors c WHERE c.session = s.id AND c.room IN (SELECT d.room FROM mqtt_cursors d WHERE d.session = s.id LIMIT left_);
    GET DIAGNOSTICS touched = ROW_COUNT;
    left_ := left_ - touched;
    DELETE FROM mqtt_subscriptions c WHERE c.ctid IN (SELECT d.ctid FROM mqtt_subscriptions d WHERE d.session = s.id LIMIT greatest(left_, 0));
    GET DIAGNOSTICS touched = ROW_COUNT;
    left_ := left_ - touched;
    DELETE FROM mqtt_outbound c WHERE c.session = s.id AND c.packet_id IN (SELECT d.packet_id FROM mqtt_outbound d WHERE d.session = s.id LIMIT greatest(left_, 0));
    GET DIAGNOSTICS touched = ROW_COUNT;
    left_ := left_ - touched;
    DELETE FROM mqtt_inbound c WHERE c.session = s.id AND c.packet_id IN (SELECT d.packet_id FROM mqtt_inbound d WHERE d.session = s.id LIMIT greatest(left_, 0));
    GET DIAGNOSTICS touched = ROW_COUNT;
    left_ := left_ - touched;
    EXIT WHEN left_ <= 0;  -- there may be more
    DELETE FROM mqtt_sessions x WHERE x.id = s.id;
    left_ := left_ - 1;
  END LOOP;

  WHILE left_ > 0 LOOP
    SELECT x.id, x.untidy INTO s FROM mqtt_sessions x WHERE x.untidy IS NOT NULL ORDER BY x.id LIMIT 1 FOR UPDATE SKIP LOCKED;
    EXIT WHEN NOT FOUND;
    left_ := left_ - 1 - mqtt_tidy(s.id, s.untidy, left_);
  END LOOP;
  RETURN NEXT mqtt_verdict((left_ <= 0)::int);
END $$;
