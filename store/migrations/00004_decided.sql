-- +goose Up

-- When the workflow decided what a row says. A workflow task that dies after it
-- has recorded is done again, and may decide otherwise: the later decision
-- counts, and not the higher revision.
ALTER TABLE incidents ADD COLUMN decided_at TIMESTAMPTZ;
ALTER TABLE pages ADD COLUMN decided_at TIMESTAMPTZ;
ALTER TABLE follow_ups ADD COLUMN decided_at TIMESTAMPTZ;
ALTER TABLE pages DROP COLUMN revision;
ALTER TABLE follow_ups DROP COLUMN revision;
