-- +goose Up

-- Marks of the words that were redacted, apart by spaces: the incident's own
-- fields must not bring them back when it is recorded again.
ALTER TABLE incidents ADD COLUMN redacted TEXT NOT NULL DEFAULT '';
