-- +goose Up

-- Who took an attempt, what they call it, and their last word on it.
ALTER TABLE attempts ADD COLUMN provider TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN reference TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN receipt TEXT NOT NULL DEFAULT '';
ALTER TABLE attempts ADD COLUMN receipt_at TIMESTAMPTZ;
CREATE INDEX attempts_reference ON attempts (reference) WHERE reference <> '';

-- Who took a page.
ALTER TABLE pages ADD COLUMN provider TEXT NOT NULL DEFAULT '';

-- What people replied by text, and what they were told: a text counts once,
-- however often it is delivered.
CREATE TABLE replies (
    id       TEXT PRIMARY KEY,
    person   TEXT NOT NULL,
    incident TEXT NOT NULL,
    answer   TEXT NOT NULL,
    at       TIMESTAMPTZ NOT NULL
);
