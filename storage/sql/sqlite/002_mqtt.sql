-- MQTT: expiry of entries, retained messages, sessions that outlive a connection, wills, shared subscriptions.

ALTER TABLE entries ADD COLUMN expires INTEGER;

-- A copy, because it outlives its entry when the log is pruned.
CREATE TABLE retained (
  room         INTEGER PRIMARY KEY REFERENCES rooms (id),
  seq          INTEGER NOT NULL,
  ts           INTEGER NOT NULL,
  payload      INTEGER NOT NULL,
  flags        INTEGER NOT NULL,
  messages     INTEGER NOT NULL,
  user_id      BLOB NOT NULL,
  user_name    BLOB NOT NULL,
  cid          BLOB,
  content_type BLOB,
  properties   BLOB,
  body         BLOB NOT NULL,
  expires      INTEGER
) STRICT;

CREATE TABLE mqtt_owners (
  owner BLOB NOT NULL PRIMARY KEY,
  until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- client_id NULL: the session has ended, and what was its is removed in small steps. owner NULL: not connected; then `expires` says when it ends.
-- untidy: cursors from this room on may be covered by no subscription any more.
CREATE TABLE mqtt_sessions (
  id         INTEGER PRIMARY KEY AUTOINCREMENT,
  client_id  BLOB UNIQUE,
  generation INTEGER NOT NULL,
  user_id    BLOB NOT NULL,
  owner      BLOB,
  expiry_s   INTEGER NOT NULL,
  expires    INTEGER,
  untidy     INTEGER
) STRICT;
CREATE INDEX mqtt_sessions_owner ON mqtt_sessions (owner) WHERE owner IS NOT NULL;
CREATE INDEX mqtt_sessions_expires ON mqtt_sessions (expires) WHERE expires IS NOT NULL;
CREATE INDEX mqtt_sessions_ended ON mqtt_sessions (id) WHERE client_id IS NULL;
CREATE INDEX mqtt_sessions_untidy ON mqtt_sessions (id) WHERE untidy IS NOT NULL;

-- session NULL: it no longer belongs to one, and is only to be fired. due NULL: not before its connection has ended.
CREATE TABLE mqtt_wills (
  id           INTEGER PRIMARY KEY AUTOINCREMENT,
  session      INTEGER,
  client_id    BLOB NOT NULL,
  due          INTEGER,
  topic        BLOB NOT NULL,
  qos          INTEGER NOT NULL,
  retain       INTEGER NOT NULL,
  delay_s      INTEGER NOT NULL,
  expiry_s     INTEGER NOT NULL,
  payload      INTEGER NOT NULL,
  user_id      BLOB NOT NULL,
  user_name    BLOB NOT NULL,
  content_type BLOB,
  properties   BLOB,
  body         BLOB NOT NULL
) STRICT;
CREATE INDEX mqtt_wills_session ON mqtt_wills (session) WHERE session IS NOT NULL;
CREATE INDEX mqtt_wills_due ON mqtt_wills (due) WHERE due IS NOT NULL;

-- options: 1 no local, 2 retain as published, 4 parley-meta, retain handling from 16 on. wild: it keeps cursors and has a wildcard, so rooms made
-- later may match without a cursor.
CREATE TABLE mqtt_subscriptions (
  session    INTEGER NOT NULL,
  filter     BLOB NOT NULL,
  qos        INTEGER NOT NULL,
  options    INTEGER NOT NULL,
  identifier INTEGER NOT NULL,
  wild       INTEGER NOT NULL,
  PRIMARY KEY (session, filter)
) STRICT, WITHOUT ROWID;
CREATE INDEX mqtt_subscriptions_wild ON mqtt_subscriptions (filter) WHERE wild = 1;

-- above: the sparse set, see storage/seq_set.h. By room first: a busy room's cursors share pages, and pruning asks by room.
CREATE TABLE mqtt_cursors (
  room    INTEGER NOT NULL,
  session INTEGER NOT NULL,
  low     INTEGER NOT NULL,
  above   BLOB,
  PRIMARY KEY (room, session)
) STRICT, WITHOUT ROWID;
CREATE INDEX mqtt_cursors_session ON mqtt_cursors (session);

CREATE TABLE mqtt_outbound (
  session   INTEGER NOT NULL,
  packet_id INTEGER NOT NULL,
  state     INTEGER NOT NULL,
  room      INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  sent      INTEGER NOT NULL,
  PRIMARY KEY (session, packet_id)
) STRICT, WITHOUT ROWID;

-- seq 0: it became no entry.
CREATE TABLE mqtt_inbound (
  session   INTEGER NOT NULL,
  packet_id INTEGER NOT NULL,
  seq       INTEGER NOT NULL,
  ts        INTEGER NOT NULL,
  messages  INTEGER NOT NULL,
  PRIMARY KEY (session, packet_id)
) STRICT, WITHOUT ROWID;

-- Rooms without a row stand at 1.
CREATE TABLE mqtt_groups (
  id      INTEGER PRIMARY KEY AUTOINCREMENT,
  filter  BLOB NOT NULL UNIQUE,
  members INTEGER NOT NULL
) STRICT;
CREATE TABLE mqtt_group_rooms (
  group_id INTEGER NOT NULL,
  room     INTEGER NOT NULL,
  next     INTEGER NOT NULL,
  PRIMARY KEY (group_id, room)
) STRICT, WITHOUT ROWID;
-- session NULL: given back.
CREATE TABLE mqtt_claims (
  group_id INTEGER NOT NULL,
  room     INTEGER NOT NULL,
  first    INTEGER NOT NULL,
  last     INTEGER NOT NULL,
  session  INTEGER,
  PRIMARY KEY (group_id, room, first)
) STRICT, WITHOUT ROWID;
CREATE INDEX mqtt_claims_session ON mqtt_claims (session) WHERE session IS NOT NULL;
