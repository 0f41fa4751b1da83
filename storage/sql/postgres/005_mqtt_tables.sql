-- MQTT: expiry of entries, retained messages, sessions that outlive a connection, wills, shared subscriptions (storage/mqtt_store.h).
--
-- Order of locks, for every function: sessions (ascending), groups (ascending), wills, heads of rooms.

ALTER TABLE entries ADD COLUMN expires bigint;

-- A copy, because it outlives its entry when the log is pruned.
CREATE TABLE retained (
  room         bigint PRIMARY KEY,
  seq          bigint NOT NULL,
  ts           bigint NOT NULL,
  payload      smallint NOT NULL,
  flags        smallint NOT NULL,
  messages     bigint NOT NULL,
  user_id      bytea NOT NULL,
  user_name    bytea NOT NULL,
  cid          bytea,
  content_type bytea,
  properties   bytea,
  body         bytea NOT NULL,
  expires      bigint
);

CREATE TABLE mqtt_owners (
  owner bytea PRIMARY KEY,
  until bigint NOT NULL
);

-- client_id NULL: the session has ended, and what was its is removed in small steps. owner NULL: not connected; then `expires` says when it ends.
-- interrupted: its last connection ended with its owner's lease. untidy: cursors from this room on may be covered by no subscription any more.
-- token: of the call that opened it last, and what that call found: it answers the same when it is sent again.
CREATE TABLE mqtt_sessions (
  id             bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  client_id      bytea,
  generation     bigint NOT NULL,
  user_id        bytea NOT NULL,
  owner          bytea,
  expiry_s       bigint NOT NULL,
  expires        bigint,
  untidy         bigint,
  interrupted    boolean NOT NULL DEFAULT false,
  token          uuid NOT NULL,
  was_present    boolean NOT NULL,
  was_interrupted boolean NOT NULL,
  was_id         bigint NOT NULL,
  was_generation bigint NOT NULL,
  was_owner      bytea
) WITH (fillfactor = 70);
CREATE UNIQUE INDEX mqtt_sessions_client ON mqtt_sessions (sha256(client_id)) WHERE client_id IS NOT NULL;
CREATE INDEX mqtt_sessions_owner ON mqtt_sessions (owner, id) WHERE owner IS NOT NULL;
CREATE INDEX mqtt_sessions_expires ON mqtt_sessions (expires) WHERE expires IS NOT NULL;
CREATE INDEX mqtt_sessions_ended ON mqtt_sessions (id) WHERE client_id IS NULL;
CREATE INDEX mqtt_sessions_untidy ON mqtt_sessions (id) WHERE untidy IS NOT NULL;

-- session NULL: it no longer belongs to one, and is only to be fired. due NULL: not before its connection has ended.
CREATE TABLE mqtt_wills (
  id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  session      bigint,
  client_id    bytea NOT NULL,
  due          bigint,
  topic        bytea NOT NULL,
  qos          smallint NOT NULL,
  retain       boolean NOT NULL,
  delay_s      bigint NOT NULL,
  expiry_s     bigint NOT NULL,
  payload      smallint NOT NULL,
  user_id      bytea NOT NULL,
  user_name    bytea NOT NULL,
  content_type bytea,
  properties   bytea,
  body         bytea NOT NULL
);
CREATE INDEX mqtt_wills_session ON mqtt_wills (session) WHERE session IS NOT NULL;
CREATE INDEX mqtt_wills_due ON mqtt_wills (due) WHERE due IS NOT NULL;
CREATE INDEX mqtt_wills_client ON mqtt_wills (sha256(client_id)) WHERE due IS NOT NULL;

-- options: 1 no local, 2 retain as published, 4 parley-meta, retain handling from 16 on. cursors: it keeps cursors. pattern: of a filter with wildcards, the
-- regular expression that topic_matches() takes; names from `prefix` on and before `beyond` can match it.
CREATE TABLE mqtt_subscriptions (
  session    bigint NOT NULL,
  filter     bytea NOT NULL,
  qos        smallint NOT NULL,
  options    smallint NOT NULL,
  identifier bigint NOT NULL,
  cursors    boolean NOT NULL,
  pattern    text,
  prefix     bytea NOT NULL,
  beyond     bytea
);
CREATE UNIQUE INDEX mqtt_subscriptions_one ON mqtt_subscriptions (session, sha256(filter));
CREATE INDEX mqtt_subscriptions_wild ON mqtt_subscriptions (session) WHERE cursors AND pattern IS NOT NULL;

-- above: the sparse set, see storage/seq_set.h.
CREATE TABLE mqtt_cursors (
  room    bigint NOT NULL,
  session bigint NOT NULL,
  low     bigint NOT NULL,
  above   bytea,
  PRIMARY KEY (room, session)
) WITH (fillfactor = 70);
CREATE INDEX mqtt_cursors_session ON mqtt_cursors (session, room);

CREATE TABLE mqtt_outbound (
  session   bigint NOT NULL,
  packet_id int NOT NULL,
  state     smallint NOT NULL,
  room      bigint NOT NULL,
  seq       bigint NOT NULL,
  sent      bigint NOT NULL,
  PRIMARY KEY (session, packet_id)
) WITH (fillfactor = 70);

-- seq 0: it became no entry.
CREATE TABLE mqtt_inbound (
  session   bigint NOT NULL,
  packet_id int NOT NULL,
  seq       bigint NOT NULL,
  ts        bigint NOT NULL,
  messages  bigint NOT NULL,
  PRIMARY KEY (session, packet_id)
);

-- Rooms without a row stand at 1.
CREATE TABLE mqtt_groups (
  id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  filter  bytea NOT NULL,
  members bigint NOT NULL,
  pattern text,
  prefix  bytea NOT NULL
);
CREATE UNIQUE INDEX mqtt_groups_filter ON mqtt_groups (sha256(filter));
CREATE TABLE mqtt_group_rooms (
  group_id bigint NOT NULL,
  room     bigint NOT NULL,
  next     bigint NOT NULL,
  PRIMARY KEY (group_id, room)
) WITH (fillfactor = 70);
-- session NULL: given back. token: of the call that claimed it.
CREATE TABLE mqtt_claims (
  group_id bigint NOT NULL,
  room     bigint NOT NULL,
  first    bigint NOT NULL,
  last     bigint NOT NULL,
  session  bigint,
  token    uuid,
  PRIMARY KEY (group_id, room, first)
) WITH (fillfactor = 70);
CREATE INDEX mqtt_claims_session ON mqtt_claims (session) WHERE session IS NOT NULL;
CREATE INDEX mqtt_claims_free ON mqtt_claims (group_id, room, first) WHERE session IS NULL;

-- What the functions answer: a row of kind 0 with a verdict (0 done, 1 the session is lost, 2 not found, 3 another user's), and others as each says.
CREATE TYPE mqtt_row AS (
  kind smallint, n1 bigint, n2 bigint, n3 bigint, n4 bigint, n5 bigint, n6 bigint, b1 bytea, b2 bytea, b3 bytea, b4 bytea, b5 bytea, b6 bytea, b7 bytea
);
-- A page of rooms. Kind 0: id the verdict, head how many were looked at, low 1 when it is the last page, name (and above, a filter) where to go on.
-- Kind 1: a room, and its retained message where it has one (retained_seq not NULL).
CREATE TYPE mqtt_room AS (
  kind smallint, id bigint, visibility smallint, keep smallint, head bigint, floor bigint, low bigint, name bytea, above bytea,
  retained_seq bigint, ts bigint, payload smallint, flags smallint, messages bigint, expires bigint, user_id bytea, user_name bytea, cid bytea,
  content_type bytea, properties bytea, body bytea
);

-- A name is compared as text of ASCII: other bytes are written \ooo, whatever the database's encoding is.
CREATE FUNCTION topic_matches(in_pattern text, in_name bytea) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT encode(in_name, 'escape') COLLATE "C" ~ in_pattern $$;
