-- Names and bodies are bytes: BLOB columns, compared with memcmp.

CREATE TABLE meta (
  key   TEXT NOT NULL PRIMARY KEY,
  value BLOB NOT NULL
) STRICT, WITHOUT ROWID;

-- Changed by every transaction that appends nothing, so that an uncertain commit can be settled by looking (writer.cpp).
CREATE TABLE writes (
  id    INTEGER PRIMARY KEY CHECK (id = 1),
  count INTEGER NOT NULL
) STRICT;
INSERT INTO writes (id, count) VALUES (1, 0);

-- AUTOINCREMENT: an id is never given twice.
-- base_*: head, running count and time of a room whose entries were all pruned. A room with entries has them in its last entry, so an append
-- writes no page of this table.
CREATE TABLE rooms (
  id            INTEGER PRIMARY KEY AUTOINCREMENT,
  name          BLOB NOT NULL UNIQUE,
  title         BLOB NOT NULL,
  visibility    INTEGER NOT NULL,
  keep          INTEGER NOT NULL,
  created       INTEGER NOT NULL,
  floor         INTEGER NOT NULL DEFAULT 1,
  members       INTEGER NOT NULL DEFAULT 0,
  base_head     INTEGER NOT NULL DEFAULT 0,
  base_messages INTEGER NOT NULL DEFAULT 0,
  base_ts       INTEGER NOT NULL DEFAULT 0
) STRICT;

-- Rows lie in the order of arrival: a commit that touches many rooms then dirties few pages. The body comes last, so that scans which do not want it stop
-- before its overflow pages. flags: 1 edited, 2 deleted.
CREATE TABLE entries (
  id           INTEGER PRIMARY KEY,
  room         INTEGER NOT NULL REFERENCES rooms (id),
  seq          INTEGER NOT NULL,
  ts           INTEGER NOT NULL,
  type         INTEGER NOT NULL,
  payload      INTEGER NOT NULL,
  flags        INTEGER NOT NULL,
  target       INTEGER NOT NULL,
  messages     INTEGER NOT NULL,
  user_id      BLOB NOT NULL,
  user_name    BLOB NOT NULL,
  cid          BLOB,
  fingerprint  BLOB,
  content_type BLOB,
  properties   BLOB,
  body         BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX entries_seq ON entries (room, seq);
CREATE UNIQUE INDEX entries_cid ON entries (room, user_id, cid) WHERE cid IS NOT NULL;
-- The edits of a message, whose bodies go when it is deleted.
CREATE INDEX entries_edits ON entries (room, target) WHERE type = 2;

CREATE TABLE members (
  room      INTEGER NOT NULL REFERENCES rooms (id),
  user_id   BLOB NOT NULL,
  user_name BLOB NOT NULL,
  role      INTEGER NOT NULL,
  joined    INTEGER NOT NULL,
  PRIMARY KEY (room, user_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX members_user ON members (user_id, room);

CREATE TABLE marks (
  room    INTEGER NOT NULL REFERENCES rooms (id),
  user_id BLOB NOT NULL,
  seq     INTEGER NOT NULL,
  PRIMARY KEY (room, user_id)
) STRICT, WITHOUT ROWID;

-- The reactions that are on; seq is the entry that set it.
CREATE TABLE reactions (
  room      INTEGER NOT NULL REFERENCES rooms (id),
  target    INTEGER NOT NULL,
  key       BLOB NOT NULL,
  user_id   BLOB NOT NULL,
  user_name BLOB NOT NULL,
  seq       INTEGER NOT NULL,
  PRIMARY KEY (room, target, key, user_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE accounts (
  id            BLOB NOT NULL PRIMARY KEY,
  name          BLOB NOT NULL,
  folded        BLOB NOT NULL UNIQUE,
  password_hash BLOB NOT NULL,
  created       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE refresh (
  hash      BLOB NOT NULL PRIMARY KEY,
  family    BLOB NOT NULL,
  user_id   BLOB NOT NULL,
  expires   INTEGER NOT NULL,
  replaced  INTEGER NOT NULL DEFAULT 0,
  successor BLOB -- the token that replaced it last
) STRICT, WITHOUT ROWID;
CREATE INDEX refresh_family ON refresh (family);
CREATE INDEX refresh_expires ON refresh (expires);

-- A room as it stands: its settings and its head.
CREATE VIEW room_state AS
SELECT r.id, r.name, r.title, r.visibility, r.keep, r.created, r.floor, r.members,
       coalesce(e.seq, r.base_head) AS head,
       coalesce(e.messages, r.base_messages) AS messages,
       coalesce(e.ts, r.base_ts) AS last_ts
FROM rooms r
LEFT JOIN entries e ON e.room = r.id AND e.seq = (SELECT max(seq) FROM entries WHERE room = r.id);
