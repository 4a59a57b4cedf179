-- +goose Up

-- What the look-up of a level said, as JSON: from it can be told later why
-- somebody was paged, or was not.
ALTER TABLE timeline ADD COLUMN looked TEXT NOT NULL DEFAULT '';

-- Whose turn it is where a level pages one of several people: how many turns a
-- round had, and which turn each key was given.
CREATE TABLE rounds (
    id    TEXT PRIMARY KEY,
    turns BIGINT NOT NULL
);
CREATE TABLE turns (
    round TEXT NOT NULL REFERENCES rounds (id),
    key   TEXT NOT NULL,
    n     BIGINT NOT NULL,
    at    TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (round, key)
);
CREATE INDEX turns_at ON turns (at);
