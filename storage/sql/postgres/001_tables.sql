-- Everything lies in the schema `parley`, which every connection of ours has as its search_path. Names and bodies are bytes: bytea, compared with memcmp;
-- where they may be long, uniqueness is that of their hash (an index row holds 2.7 kB at most).

CREATE TABLE meta (
  key   text PRIMARY KEY,
  value text NOT NULL
);
INSERT INTO meta (key, value) VALUES ('moves_floor', '0');

-- The processes that append. A call names the generation that it was sent under and holds the row's lock until it has committed; whoever raises the
-- generation waits for that, and every older call fails from then on.
CREATE TABLE replicas (
  id         uuid PRIMARY KEY,
  generation bigint NOT NULL,
  seen       timestamptz NOT NULL
) WITH (fillfactor = 50);

-- token: of the call that made it, by which that call knows its own work when it is sent again.
CREATE TABLE rooms (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name       bytea NOT NULL,
  title      bytea NOT NULL,
  visibility smallint NOT NULL,
  keep       smallint NOT NULL,
  created    bigint NOT NULL,
  floor      bigint NOT NULL DEFAULT 1,
  members    bigint NOT NULL DEFAULT 0,
  token      uuid NOT NULL
);
CREATE UNIQUE INDEX rooms_name ON rooms (sha256(name));
CREATE INDEX rooms_order ON rooms (substr(name, 1, 255));

-- What every append changes, apart and narrow: no index but the key, and room on each page, so that updates stay on it (HOT).
CREATE TABLE heads (
  room     bigint PRIMARY KEY,
  head     bigint NOT NULL DEFAULT 0,
  messages bigint NOT NULL DEFAULT 0,
  last_ts  bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- key: the entry's own id: of (user, cid) where there is a cid, else given by the process that appends it. flags: 1 edited, 2 deleted.
-- No foreign keys: the append function holds the lock of the room's head, and a trigger a row costs more than the row.
CREATE TABLE entries (
  room         bigint NOT NULL,
  seq          bigint NOT NULL,
  ts           bigint NOT NULL,
  target       bigint NOT NULL,
  messages     bigint NOT NULL,
  key          uuid NOT NULL,
  fingerprint  uuid,
  type         smallint NOT NULL,
  payload      smallint NOT NULL,
  flags        smallint NOT NULL DEFAULT 0,
  user_id      bytea NOT NULL,
  user_name    bytea NOT NULL,
  cid          bytea,
  content_type bytea,
  properties   bytea,
  body         bytea NOT NULL,
  PRIMARY KEY (room, seq)
);
CREATE UNIQUE INDEX entries_key ON entries (room, key);
-- The edits of a message, whose bodies go when it is deleted.
CREATE INDEX entries_edits ON entries (room, target) WHERE type = 2;

-- One row per append: the transaction, and each room's head before and after. What another process asks once a second, by transaction; and how a call
-- that is sent again tells its own entries from older ones.
CREATE TABLE moves (
  xact    xid8 NOT NULL,
  replica uuid NOT NULL,
  call    bigint NOT NULL,
  at      bigint NOT NULL,
  rooms   bigint[] NOT NULL,
  befores bigint[] NOT NULL,
  heads   bigint[] NOT NULL
);
CREATE INDEX moves_xact ON moves (xact);

CREATE TABLE members (
  room      bigint NOT NULL REFERENCES rooms (id),
  user_id   bytea NOT NULL,
  user_name bytea NOT NULL,
  role      smallint NOT NULL,
  joined    bigint NOT NULL,
  PRIMARY KEY (room, user_id)
);
CREATE INDEX members_user ON members (user_id, room);

CREATE TABLE marks (
  room    bigint NOT NULL REFERENCES rooms (id),
  user_id bytea NOT NULL,
  seq     bigint NOT NULL,
  PRIMARY KEY (room, user_id)
);

-- The reactions that are on; seq is the entry that set it.
CREATE TABLE reactions (
  room      bigint NOT NULL,
  target    bigint NOT NULL,
  key       bytea NOT NULL,
  user_id   bytea NOT NULL,
  user_name bytea NOT NULL,
  seq       bigint NOT NULL
);
CREATE UNIQUE INDEX reactions_one ON reactions (room, target, sha256(key), user_id);

CREATE TABLE accounts (
  id            bytea PRIMARY KEY,
  name          bytea NOT NULL,
  folded        bytea NOT NULL,
  password_hash bytea NOT NULL,
  created       bigint NOT NULL
);
CREATE UNIQUE INDEX accounts_name ON accounts (sha256(folded));

CREATE TABLE refresh (
  hash      bytea PRIMARY KEY,
  family    bytea NOT NULL,
  user_id   bytea NOT NULL,
  expires   bigint NOT NULL,
  replaced  boolean NOT NULL DEFAULT false,
  successor bytea  -- the token that replaced it last
);
CREATE INDEX refresh_family ON refresh (family);
CREATE INDEX refresh_expires ON refresh (expires);

-- A room as it stands: its settings and its head. The columns and their order are read by storage/postgres/rooms.cpp.
CREATE VIEW room_state AS
SELECT r.id, r.name, r.title, r.visibility, r.keep, r.created, r.floor, r.members, h.head, h.messages, h.last_ts
FROM rooms r JOIN heads h ON h.room = r.id;

-- ASCII letters in lower case, every other byte as it is.
CREATE FUNCTION ascii_lower(bytes bytea) RETURNS bytea LANGUAGE sql IMMUTABLE PARALLEL SAFE AS
$$ SELECT decode(lower(encode(bytes, 'escape') COLLATE "C"), 'escape') $$;
