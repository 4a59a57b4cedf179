-- +goose Up

-- The alert that a missed heartbeat has raised, as JSON: what the catalog says
-- of it may be another thing by the time it is back.
ALTER TABLE heartbeats ADD COLUMN alert TEXT NOT NULL DEFAULT '';

-- For the silences whose owners are still to be told, and for the pages of a
-- span: both are few among many.
CREATE INDEX silences_untold ON silences (until_at) WHERE told_at IS NULL;
CREATE INDEX pages_due ON pages (due_at, key);
