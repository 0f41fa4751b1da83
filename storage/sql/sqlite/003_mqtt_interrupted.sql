-- Whether the session's last connection ended with its owner's lease and not by a close: what it was sent last may not have been
-- saved (SessionOpened::interrupted).
ALTER TABLE mqtt_sessions ADD COLUMN interrupted INTEGER NOT NULL DEFAULT 0;
