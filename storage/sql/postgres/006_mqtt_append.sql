-- The append with what MQTT adds. It takes the arguments of the one before (002_append.sql), which stays for processes of the version before, and then:
--   in_expires: per entry, 0 never; empty when none does.
--   mq_entries: places of the entries of which the others say something, ascending; mq_sessions and mq_generations (0: none) with mq_packets: the QoS 2 packet
--   that the entry came as; mq_wills (0: none): the will that it is; mq_retains: it becomes the room's retained message.
-- Further codes: 8 the session is not the sender's any more, 9 the will is gone.

-- What MQTT has against an entry: 1 the packet is known, 8, 9; NULL nothing.
CREATE FUNCTION mqtt_objection(in_session bigint, in_generation bigint, in_packet int, in_will bigint) RETURNS int LANGUAGE plpgsql AS $$
BEGIN
  IF in_session > 0 THEN
    IF NOT EXISTS (SELECT FROM mqtt_sessions s WHERE s.id = in_session AND s.generation = in_generation AND s.client_id IS NOT NULL) THEN
      RETURN 8;
    ELSIF EXISTS (SELECT FROM mqtt_inbound n WHERE n.session = in_session AND n.packet_id = in_packet) THEN
      RETURN 1;
    END IF;
  END IF;
  IF in_will > 0 AND NOT EXISTS (SELECT FROM mqtt_wills w WHERE w.id = in_will) THEN
    RETURN 9;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION apply_mqtt(
  in_room bigint, in_seq bigint, in_ts bigint, in_messages bigint, in_session bigint, in_packet int, in_will bigint, in_retain boolean
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF in_session > 0 THEN
    INSERT INTO mqtt_inbound (session, packet_id, seq, ts, messages) VALUES (in_session, in_packet, in_seq, in_ts, in_messages) ON CONFLICT DO NOTHING;
  END IF;
  IF in_will > 0 THEN
    DELETE FROM mqtt_wills w WHERE w.id = in_will;
  END IF;
  IF in_retain THEN
    INSERT INTO retained AS t (room, seq, ts, payload, flags, messages, user_id, user_name, cid, content_type, properties, body, expires)
    SELECT e.room, e.seq, e.ts, e.payload, 0, e.messages, e.user_id, e.user_name, e.cid, e.content_type, e.properties, e.body, e.expires
    FROM entries e WHERE e.room = in_room AND e.seq = in_seq
    ON CONFLICT (room) DO UPDATE SET (seq, ts, payload, flags, messages, user_id, user_name, cid, content_type, properties, body, expires) =
      (excluded.seq, excluded.ts, excluded.payload, excluded.flags, excluded.messages, excluded.user_id, excluded.user_name, excluded.cid,
       excluded.content_type, excluded.properties, excluded.body, excluded.expires);
    DELETE FROM retained t WHERE t.room = in_room AND octet_length(t.body) = 0;
  END IF;
END $$;

CREATE FUNCTION append(
  in_replica uuid, in_generation bigint, in_call bigint, in_again boolean, in_now bigint,
  in_rooms bigint[], in_counts int[], in_messages int[],
  in_places int[], in_nths int[], in_counted int[], in_types smallint[], in_payloads smallint[], in_targets bigint[], in_keys uuid[],
  in_fingerprints uuid[], in_user_ids bytea[], in_user_names bytea[], in_cids bytea[], in_content_types bytea[], in_properties bytea[],
  in_bodies bytea[], in_repeats int[],
  fx_entries int[], fx_authors bytea[], fx_keys bytea[], fx_on boolean[], fx_member_ids bytea[], fx_member_names bytea[], fx_member_roles smallint[],
  fx_titles bytea[], fx_visibilities smallint[], fx_keeps smallint[],
  in_expires bigint[], mq_entries int[], mq_sessions bigint[], mq_generations bigint[], mq_packets int[], mq_wills bigint[], mq_retains boolean[],
  OUT plain boolean, OUT befores bigint[], OUT messages bigint[], OUT times bigint[],
  OUT codes smallint[], OUT seqs bigint[], OUT entry_times bigint[], OUT entry_messages bigint[], OUT errors text[]
) LANGUAGE plpgsql AS $$
DECLARE
  room_count int := cardinality(in_rooms);
  entry_count int := cardinality(in_places);
  heads_now bigint[];
  messages_now bigint[];
  removed text[] := '{}';
  place int;
  fx int := 1;
  j int;
  wanted bigint;
  found_type smallint;
  found_author bytea;
  known record;
  mq int := 1;
  target_known record;
BEGIN
  PERFORM FROM replicas r WHERE r.id = in_replica AND r.generation = in_generation FOR SHARE;
  IF NOT FOUND THEN
    RAISE EXCEPTION 'this replica was fenced' USING ERRCODE = 'PY001';
  END IF;

  IF cardinality(mq_entries) > 0 THEN
    PERFORM FROM mqtt_sessions s WHERE s.id = ANY (mq_sessions) ORDER BY s.id FOR SHARE;
    PERFORM FROM mqtt_wills w WHERE w.id = ANY (mq_wills) ORDER BY w.id FOR UPDATE;
  END IF;

  -- One fixed order for everybody. Rows that had to be waited for are read as they are after the wait.
  SELECT array_agg(h.head), array_agg(h.messages), array_agg(h.last_ts) INTO befores, messages, times
  FROM (SELECT t.head, t.messages, t.last_ts FROM heads t WHERE t.room = ANY (in_rooms) ORDER BY t.room FOR UPDATE) h;

  -- Statements from here on see everything that was committed before the locks were had.
  plain := NOT in_again AND cardinality(fx_entries) = 0 AND cardinality(in_repeats) = 0 AND coalesce(cardinality(befores), 0) = room_count
    AND NOT EXISTS (
      SELECT FROM unnest(in_places, in_keys, in_cids) AS u (place, key, cid)
      JOIN entries e ON e.room = in_rooms[u.place] AND e.key = u.key
      WHERE u.cid IS NOT NULL);
  IF plain AND cardinality(mq_entries) > 0 THEN
    plain := NOT EXISTS (
        SELECT FROM unnest(mq_sessions, mq_generations, mq_packets, mq_wills) AS u (session, generation, packet, will)
        WHERE mqtt_objection(u.session, u.generation, u.packet, u.will) IS NOT NULL)
      AND NOT EXISTS (SELECT FROM unnest(mq_sessions, mq_packets) AS u (session, packet) WHERE u.session > 0
                      GROUP BY u.session, u.packet HAVING count(*) > 1)
      AND NOT EXISTS (SELECT FROM unnest(mq_wills) AS u (will) WHERE u.will > 0 GROUP BY u.will HAVING count(*) > 1);
  END IF;

  IF plain THEN
    INSERT INTO entries (room, seq, ts, target, messages, key, fingerprint, type, payload, user_id, user_name, cid, content_type, properties, body,
                         expires)
    SELECT in_rooms[u.place], befores[u.place] + u.nth, greatest(times[u.place], in_now), coalesce(u.target, 0), messages[u.place] + u.counted, u.key,
           u.fingerprint, u.type, u.payload, u.user_id, u.user_name, u.cid, u.content_type, u.properties, u.body, nullif(u.expires, 0)
    FROM unnest(in_places, in_nths, in_counted, in_types, in_payloads, in_targets, in_keys, in_fingerprints, in_user_ids, in_user_names, in_cids,
                in_content_types, in_properties, in_bodies, in_expires)
      AS u (place, nth, counted, type, payload, target, key, fingerprint, user_id, user_name, cid, content_type, properties, body, expires);
    UPDATE heads h SET head = h.head + u.count, messages = h.messages + u.messages, last_ts = greatest(h.last_ts, in_now)
    FROM unnest(in_rooms, in_counts, in_messages) AS u (room, count, messages)
    WHERE h.room = u.room;
    INSERT INTO moves (xact, replica, call, at, rooms, befores, heads)
    SELECT pg_current_xact_id(), in_replica, in_call, in_now, in_rooms, befores, array_agg(befores[i] + in_counts[i] ORDER BY i)
    FROM generate_series(1, room_count) AS i;
    FOR m IN 1..cardinality(mq_entries) LOOP
      j := mq_entries[m];
      place := in_places[j];
      PERFORM apply_mqtt(in_rooms[place], befores[place] + in_nths[j], greatest(times[place], in_now), messages[place] + in_counted[j], mq_sessions[m],
                         mq_packets[m], mq_wills[m], mq_retains[m]);
    END LOOP;
    RETURN;
  END IF;

  -- Entry by entry, first without writing: numbers must be given to those only that are taken.
  SELECT array_agg(h.head ORDER BY u.place), array_agg(h.messages ORDER BY u.place), array_agg(h.last_ts ORDER BY u.place)
  INTO befores, messages, times
  FROM unnest(in_rooms) WITH ORDINALITY AS u (room, place) LEFT JOIN heads h ON h.room = u.room;
  heads_now := befores;
  messages_now := messages;
  codes := array_fill(0::smallint, ARRAY[entry_count]);
  seqs := array_fill(0::bigint, ARRAY[entry_count]);
  entry_times := seqs;
  entry_messages := seqs;

  FOR known IN
    SELECT u.i, e.seq, e.ts, e.messages, e.fingerprint IS NOT NULL AND e.fingerprint IS DISTINCT FROM u.fingerprint AS differs,
           in_again AND EXISTS (
             SELECT FROM moves m, unnest(m.rooms, m.befores, m.heads) AS x (room, before, head)
             WHERE m.replica = in_replica AND m.call = in_call AND x.room = e.room AND e.seq > x.before AND e.seq <= x.head) AS own
    FROM unnest(in_places, in_keys, in_fingerprints) WITH ORDINALITY AS u (place, key, fingerprint, i)
    JOIN entries e ON e.room = in_rooms[u.place] AND e.key = u.key
  LOOP
    CONTINUE WHEN cardinality(in_repeats) > 0 AND in_repeats[known.i] > 0 AND known.own;  -- the first of the two is the one that was appended
    codes[known.i] := CASE WHEN known.differs THEN 3 WHEN known.own THEN 2 ELSE 1 END;
    seqs[known.i] := known.seq;
    entry_times[known.i] := known.ts;
    entry_messages[known.i] := known.messages;
  END LOOP;

  FOR i IN 1..entry_count LOOP
    place := in_places[i];
    WHILE fx <= cardinality(fx_entries) AND fx_entries[fx] < i LOOP
      fx := fx + 1;
    END LOOP;
    WHILE mq <= cardinality(mq_entries) AND mq_entries[mq] < i LOOP
      mq := mq + 1;
    END LOOP;
    CONTINUE WHEN codes[i] = 2;
    IF befores[place] IS NULL THEN
      codes[i] := 4;
      CONTINUE;
    END IF;
    IF mq <= cardinality(mq_entries) AND mq_entries[mq] = i THEN
      j := mqtt_objection(mq_sessions[mq], mq_generations[mq], mq_packets[mq], mq_wills[mq]);
      IF j = 1 THEN
        SELECT n.seq, n.ts, n.messages INTO target_known FROM mqtt_inbound n WHERE n.session = mq_sessions[mq] AND n.packet_id = mq_packets[mq];
        codes[i] := 1;
        seqs[i] := target_known.seq;
        entry_times[i] := target_known.ts;
        entry_messages[i] := target_known.messages;
        CONTINUE;
      ELSIF j IS NOT NULL THEN
        codes[i] := j;
        CONTINUE;
      END IF;
      FOR m IN 1..mq - 1 LOOP  -- the same of this batch
        j := mq_entries[m];
        CONTINUE WHEN codes[j] > 2;
        IF mq_sessions[mq] > 0 AND mq_sessions[m] = mq_sessions[mq] AND mq_packets[m] = mq_packets[mq] THEN
          codes[i] := 1;
          seqs[i] := seqs[j];
          entry_times[i] := entry_times[j];
          entry_messages[i] := entry_messages[j];
          EXIT;
        ELSIF mq_wills[mq] > 0 AND mq_wills[m] = mq_wills[mq] THEN
          codes[i] := 9;
          EXIT;
        END IF;
      END LOOP;
    END IF;
    CONTINUE WHEN codes[i] <> 0;
    IF cardinality(in_repeats) > 0 THEN
      j := in_repeats[i];
      WHILE j > 0 AND codes[j] > 2 LOOP
        j := in_repeats[j];
      END LOOP;
      IF j > 0 THEN
        codes[i] := CASE WHEN in_fingerprints[j] IS DISTINCT FROM in_fingerprints[i] THEN 3 ELSE 1 END;
        seqs[i] := seqs[j];
        entry_times[i] := entry_times[j];
        entry_messages[i] := entry_messages[j];
        CONTINUE;
      END IF;
    END IF;
    IF in_types[i] IN (2, 3, 4, 9) THEN
      wanted := in_targets[i];
      SELECT e.type, e.flags, e.user_id INTO target_known FROM entries e WHERE e.room = in_rooms[place] AND e.seq = wanted;
      found_type := NULL;
      IF FOUND THEN
        IF target_known.flags & 2 = 0 THEN
          found_type := target_known.type;
          found_author := target_known.user_id;
        END IF;
      ELSIF wanted > befores[place] AND wanted <= heads_now[place] THEN  -- one of this batch
        FOR k IN 1..i - 1 LOOP
          IF in_places[k] = place AND codes[k] = 0 AND seqs[k] = wanted THEN
            found_type := in_types[k];
            found_author := in_user_ids[k];
          END IF;
        END LOOP;
      END IF;
      IF found_type IS DISTINCT FROM 1 OR format('%s:%s', place, wanted) = ANY (removed) THEN
        codes[i] := 5;
        CONTINUE;
      END IF;
      IF fx_authors[fx] IS NOT NULL AND fx_authors[fx] <> found_author THEN
        codes[i] := 6;
        CONTINUE;
      END IF;
      IF in_types[i] = 3 THEN
        removed := removed || format('%s:%s', place, wanted);
      END IF;
    END IF;
    heads_now[place] := heads_now[place] + 1;
    IF in_types[i] = 1 THEN
      messages_now[place] := messages_now[place] + 1;
    END IF;
    seqs[i] := heads_now[place];
    entry_times[i] := greatest(times[place], in_now);
    entry_messages[i] := messages_now[place];
  END LOOP;

  INSERT INTO entries (room, seq, ts, target, messages, key, fingerprint, type, payload, user_id, user_name, cid, content_type, properties, body, expires)
  SELECT in_rooms[u.place], u.seq, u.ts, coalesce(u.target, 0), u.messages, u.key, u.fingerprint, u.type, u.payload, u.user_id, u.user_name, u.cid,
         u.content_type, u.properties, u.body, nullif(u.expires, 0)
  FROM unnest(codes, in_places, seqs, entry_times, entry_messages, in_types, in_payloads, in_targets, in_keys, in_fingerprints, in_user_ids,
              in_user_names, in_cids, in_content_types, in_properties, in_bodies, in_expires)
    AS u (code, place, seq, ts, messages, type, payload, target, key, fingerprint, user_id, user_name, cid, content_type, properties, body, expires)
  WHERE u.code = 0;

  FOR f IN 1..cardinality(fx_entries) LOOP
    j := fx_entries[f];
    CONTINUE WHEN codes[j] <> 0;
    PERFORM apply_effects(in_rooms[in_places[j]], in_types[j], in_targets[j], seqs[j], entry_times[j], in_user_ids[j], in_user_names[j], fx_keys[f],
                          fx_on[f], fx_member_ids[f], fx_member_names[f], fx_member_roles[f], fx_titles[f], fx_visibilities[f], fx_keeps[f]);
  END LOOP;

  FOR m IN 1..cardinality(mq_entries) LOOP
    j := mq_entries[m];
    CONTINUE WHEN codes[j] > 1;
    PERFORM apply_mqtt(in_rooms[in_places[j]], seqs[j], entry_times[j], entry_messages[j], mq_sessions[m], mq_packets[m], mq_wills[m],
                       mq_retains[m] AND codes[j] = 0);
  END LOOP;

  IF heads_now IS DISTINCT FROM befores THEN
    UPDATE heads h SET head = u.head, messages = u.messages, last_ts = greatest(h.last_ts, in_now)
    FROM unnest(in_rooms, heads_now, messages_now) AS u (room, head, messages)
    WHERE h.room = u.room AND u.head > h.head;
    INSERT INTO moves (xact, replica, call, at, rooms, befores, heads)
    SELECT pg_current_xact_id(), in_replica, in_call, in_now, array_agg(u.room), array_agg(u.before), array_agg(u.head)
    FROM unnest(in_rooms, befores, heads_now) AS u (room, before, head) WHERE u.head > u.before;
  END IF;
END $$;

-- What an accepted entry changes besides the log.
CREATE OR REPLACE FUNCTION apply_effects(
  in_room bigint, in_type smallint, in_target bigint, in_seq bigint, in_ts bigint, in_user_id bytea, in_user_name bytea, in_key bytea, in_on boolean,
  in_member_id bytea, in_member_name bytea, in_member_role smallint, in_title bytea, in_visibility smallint, in_keep smallint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF in_type = 2 THEN
    UPDATE entries e SET payload = n.payload, body = n.body, content_type = n.content_type, properties = n.properties, flags = e.flags | 1::smallint
    FROM entries n WHERE e.room = in_room AND e.seq = in_target AND n.room = in_room AND n.seq = in_seq;
    UPDATE retained t SET payload = n.payload, body = n.body, content_type = n.content_type, properties = n.properties, flags = t.flags | 1::smallint
    FROM entries n WHERE t.room = in_room AND t.seq = in_target AND n.room = in_room AND n.seq = in_seq;
  ELSIF in_type = 3 THEN
    PERFORM remove_entry(in_room, in_target);
    DELETE FROM retained t WHERE t.room = in_room AND t.seq = in_target;
  ELSIF in_type = 4 AND in_on THEN
    INSERT INTO reactions (room, target, key, user_id, user_name, seq) VALUES (in_room, in_target, in_key, in_user_id, in_user_name, in_seq)
    ON CONFLICT DO NOTHING;
  ELSIF in_type = 4 THEN
    DELETE FROM reactions r WHERE r.room = in_room AND r.target = in_target AND sha256(r.key) = sha256(in_key) AND r.user_id = in_user_id;
  END IF;
  IF in_member_id IS NOT NULL THEN
    PERFORM change_member(in_room, in_member_id, in_member_name, in_member_role, in_ts);
  END IF;
  IF in_title IS NOT NULL OR in_visibility IS NOT NULL OR in_keep IS NOT NULL THEN
    UPDATE rooms r SET title = coalesce(in_title, r.title), visibility = coalesce(in_visibility, r.visibility), keep = coalesce(in_keep, r.keep)
    WHERE r.id = in_room;
  END IF;
END $$;

-- As append, after a batch failed for its data: every entry in a subtransaction of its own, so that the one at fault is refused alone. Locks first, as
-- there, and keeps what it has.
CREATE FUNCTION append_carefully(
  in_replica uuid, in_generation bigint, in_call bigint, in_again boolean, in_now bigint,
  in_rooms bigint[], in_counts int[], in_messages int[],
  in_places int[], in_nths int[], in_counted int[], in_types smallint[], in_payloads smallint[], in_targets bigint[], in_keys uuid[],
  in_fingerprints uuid[], in_user_ids bytea[], in_user_names bytea[], in_cids bytea[], in_content_types bytea[], in_properties bytea[],
  in_bodies bytea[], in_repeats int[],
  fx_entries int[], fx_authors bytea[], fx_keys bytea[], fx_on boolean[], fx_member_ids bytea[], fx_member_names bytea[], fx_member_roles smallint[],
  fx_titles bytea[], fx_visibilities smallint[], fx_keeps smallint[],
  in_expires bigint[], mq_entries int[], mq_sessions bigint[], mq_generations bigint[], mq_packets int[], mq_wills bigint[], mq_retains boolean[],
  OUT plain boolean, OUT befores bigint[], OUT messages bigint[], OUT times bigint[],
  OUT codes smallint[], OUT seqs bigint[], OUT entry_times bigint[], OUT entry_messages bigint[], OUT errors text[]
) LANGUAGE plpgsql AS $$
DECLARE
  one record;
  f int;
  m int;
BEGIN
  plain := false;
  errors := array_fill(''::text, ARRAY[cardinality(in_places)]);
  PERFORM FROM mqtt_sessions s WHERE s.id = ANY (mq_sessions) ORDER BY s.id FOR SHARE;
  PERFORM FROM mqtt_wills w WHERE w.id = ANY (mq_wills) ORDER BY w.id FOR UPDATE;
  PERFORM FROM heads t WHERE t.room = ANY (in_rooms) ORDER BY t.room FOR UPDATE;
  FOR i IN 1..cardinality(in_places) LOOP
    f := coalesce(array_position(fx_entries, i), 0);
    m := coalesce(array_position(mq_entries, i), 0);
    BEGIN
      SELECT * INTO one FROM append(
        in_replica, in_generation, in_call, true, in_now, ARRAY[in_rooms[in_places[i]]], ARRAY[1], ARRAY[(in_types[i] = 1)::int],
        ARRAY[1], ARRAY[1], ARRAY[(in_types[i] = 1)::int], in_types[i:i], in_payloads[i:i], in_targets[i:i], in_keys[i:i],
        in_fingerprints[i:i], in_user_ids[i:i], in_user_names[i:i], in_cids[i:i], in_content_types[i:i], in_properties[i:i],
        in_bodies[i:i], '{}'::int[],
        CASE WHEN f > 0 THEN ARRAY[1] ELSE '{}'::int[] END, fx_authors[f:f], fx_keys[f:f], fx_on[f:f], fx_member_ids[f:f], fx_member_names[f:f],
        fx_member_roles[f:f], fx_titles[f:f], fx_visibilities[f:f], fx_keeps[f:f], in_expires[i:i],
        CASE WHEN m > 0 THEN ARRAY[1] ELSE '{}'::int[] END, mq_sessions[m:m], mq_generations[m:m], mq_packets[m:m], mq_wills[m:m], mq_retains[m:m]);
      codes[i] := one.codes[1];
      -- A repeat within the batch was appended by this very call, but not by this entry.
      IF codes[i] = 2 AND cardinality(in_repeats) > 0 AND in_repeats[i] > 0 THEN
        codes[i] := 1;
      END IF;
      seqs[i] := one.seqs[1];
      entry_times[i] := one.entry_times[1];
      entry_messages[i] := one.entry_messages[1];
    EXCEPTION WHEN data_exception OR integrity_constraint_violation OR program_limit_exceeded THEN
      codes[i] := 7;
      seqs[i] := 0;
      entry_times[i] := 0;
      entry_messages[i] := 0;
      errors[i] := SQLERRM;
    END;
  END LOOP;
END $$;
