-- +goose Up

-- Alerts that a person made an incident of their own of: what their labels say
-- is the key, they belong to to_key for as long as its incident holds it.
CREATE TABLE splits (
    service     TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    to_key      TEXT NOT NULL,
    number      TEXT NOT NULL,
    made_at     TIMESTAMPTZ NOT NULL,
    ended_at    TIMESTAMPTZ,
    PRIMARY KEY (service, key, fingerprint)
);
CREATE INDEX splits_number ON splits (number);
CREATE INDEX splits_to ON splits (service, to_key, fingerprint);
