-- +goose Up

-- What runs brought to light, without what looked like a secret.
CREATE TABLE outputs (
    incident    TEXT        NOT NULL,
    id          TEXT        NOT NULL,
    run         TEXT        NOT NULL,
    title       TEXT        NOT NULL,
    body        TEXT        NOT NULL,
    bytes       INTEGER     NOT NULL,
    removed     INTEGER     NOT NULL,
    at          TIMESTAMPTZ NOT NULL,
    redacted_by TEXT        NOT NULL DEFAULT '',
    PRIMARY KEY (incident, id)
);
CREATE INDEX outputs_by_time ON outputs (incident, at);

-- Which runbooks started by themselves, and when.
CREATE TABLE auto_runs (
    incident TEXT        NOT NULL,
    service  TEXT        NOT NULL,
    runbook  TEXT        NOT NULL,
    at       TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (incident, runbook)
);
-- Whoever asks whether one may start holds its row: the limit is exact.
CREATE TABLE auto_gates (
    service TEXT NOT NULL,
    runbook TEXT NOT NULL,
    at      TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (service, runbook)
);
CREATE INDEX auto_runs_by_service ON auto_runs (service, runbook, at);
