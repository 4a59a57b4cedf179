-- +goose Up

-- When the workflow task began that decided what a row says, and which of the
-- incident's records it was. A task that dies after it has recorded is done
-- again, and may decide otherwise: the later decision counts, and not the
-- higher revision.
ALTER TABLE incidents ADD COLUMN decided_at TIMESTAMPTZ;
ALTER TABLE incidents ADD COLUMN ordinal BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pages ADD COLUMN decided_at TIMESTAMPTZ;
ALTER TABLE follow_ups ADD COLUMN decided_at TIMESTAMPTZ;
ALTER TABLE pages DROP COLUMN revision;
ALTER TABLE follow_ups DROP COLUMN revision;
