-- +goose Up

-- What keeps alerts from paging for a while. What is over stays, so that one
-- can say why nobody was paged.
CREATE TABLE silences (
    id        TEXT PRIMARY KEY,
    kind      TEXT NOT NULL,
    owner     TEXT NOT NULL,
    from_at   TIMESTAMPTZ NOT NULL,
    until_at  TIMESTAMPTZ NOT NULL,
    doc       TEXT NOT NULL,
    made_at   TIMESTAMPTZ NOT NULL,
    made_by   TEXT NOT NULL,
    ended_at  TIMESTAMPTZ,
    ended_by  TEXT NOT NULL,
    told_at   TIMESTAMPTZ
);
CREATE INDEX silences_until ON silences (until_at);

-- The silence that an alert fires under, for whoever looks for what still
-- fires when it is over.
ALTER TABLE facts ADD COLUMN suppressed_by TEXT NOT NULL DEFAULT '';
CREATE INDEX facts_suppressed ON facts (suppressed_by) WHERE suppressed_by <> '';
CREATE INDEX facts_seen ON facts (last_seen);
