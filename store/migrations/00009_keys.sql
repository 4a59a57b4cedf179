-- +goose Up

-- Who sends with a token: a source and a service that it is bound to, and the
-- token that it takes the place of.
ALTER TABLE tokens ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN service TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN replaces TEXT NOT NULL DEFAULT '';

-- When each heartbeat was last heard, since when it is waited for, and since
-- when it is missed.
CREATE TABLE heartbeats (
    id        TEXT PRIMARY KEY,
    seen_at   TIMESTAMPTZ,
    since_at  TIMESTAMPTZ NOT NULL,
    missed_at TIMESTAMPTZ
);

-- When somebody last looked for what time has changed: an outage of our own
-- must not look like everybody else's.
CREATE TABLE watches (
    id INTEGER PRIMARY KEY,
    at TIMESTAMPTZ NOT NULL
);
