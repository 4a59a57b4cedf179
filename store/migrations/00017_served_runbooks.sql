-- +goose Up

-- Which runbooks the workers of other repositories run, and on which task queue.
CREATE TABLE served_runbooks (
    name     TEXT        NOT NULL PRIMARY KEY,
    queue    TEXT        NOT NULL,
    doc      TEXT        NOT NULL,
    heard_at TIMESTAMPTZ NOT NULL
);
CREATE INDEX served_runbooks_by_time ON served_runbooks (heard_at);
