-- +goose Up

-- What was changed of the services, as somebody reported it.
CREATE TABLE change_events (
    source      TEXT        NOT NULL,
    id          TEXT        NOT NULL,
    service     TEXT        NOT NULL,
    kind        TEXT        NOT NULL,
    at          TIMESTAMPTZ NOT NULL,
    reported_at TIMESTAMPTZ NOT NULL,
    doc         TEXT        NOT NULL,
    PRIMARY KEY (source, id, service)
);
CREATE INDEX change_events_by_service ON change_events (service, at);
CREATE INDEX change_events_by_time ON change_events (at);
CREATE INDEX change_events_by_report ON change_events (reported_at);
