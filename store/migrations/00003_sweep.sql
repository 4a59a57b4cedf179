-- +goose Up

-- Nothing was ever attached.
DROP TABLE attachments;

-- When the sweeper last looked at an incident that is silent.
ALTER TABLE incidents ADD COLUMN looked_at TIMESTAMPTZ;

-- For whoever follows what changes.
CREATE INDEX incidents_updated ON incidents (updated_at, number);

-- For the last incident that had a key.
CREATE INDEX claim_keys_latest ON claim_keys (service, key, at);
