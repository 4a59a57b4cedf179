-- +goose Up

-- One row. Whoever hands out numbers updates it first, so that writers of
-- claims follow one another in every process.
CREATE TABLE counters (
    id       INTEGER PRIMARY KEY CHECK (id = 1),
    incident BIGINT NOT NULL,
    outbox   BIGINT NOT NULL
);
INSERT INTO counters (id, incident, outbox) VALUES (1, 0, 0);

CREATE TABLE catalogs (
    version    BIGINT PRIMARY KEY,
    doc        TEXT NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL,
    applied_by TEXT NOT NULL
);

CREATE TABLE tokens (
    id           TEXT PRIMARY KEY,
    hash         TEXT NOT NULL UNIQUE,
    kind         TEXT NOT NULL,
    owner        TEXT NOT NULL,
    scopes       TEXT NOT NULL,
    name         TEXT NOT NULL,
    created_at   TIMESTAMPTZ NOT NULL,
    expires_at   TIMESTAMPTZ,
    revoked_at   TIMESTAMPTZ,
    last_used_at TIMESTAMPTZ
);
CREATE INDEX tokens_owner ON tokens (owner, created_at);

-- A number that was handed out, and what for.
CREATE TABLE claims (
    number     TEXT PRIMARY KEY,
    service    TEXT NOT NULL,
    team       TEXT NOT NULL,
    key        TEXT NOT NULL,
    title      TEXT NOT NULL,
    storm      INTEGER NOT NULL,
    recurs     TEXT NOT NULL,
    request    TEXT UNIQUE,
    at         TIMESTAMPTZ NOT NULL,
    started_at TIMESTAMPTZ,
    listed     BIGINT NOT NULL,
    more       BIGINT NOT NULL,
    truncated  BIGINT NOT NULL
);

-- Which incident the alerts of a service and key belong to. A storm incident
-- holds several keys.
CREATE TABLE claim_keys (
    service     TEXT NOT NULL,
    key         TEXT NOT NULL,
    number      TEXT NOT NULL REFERENCES claims (number) ON UPDATE CASCADE,
    at          TIMESTAMPTZ NOT NULL,
    released_at TIMESTAMPTZ,
    reason      TEXT NOT NULL,
    PRIMARY KEY (service, key, number)
);
CREATE UNIQUE INDEX claim_keys_held ON claim_keys (service, key) WHERE released_at IS NULL;
CREATE INDEX claim_keys_number ON claim_keys (number);
CREATE INDEX claim_keys_at ON claim_keys (service, at);

-- The last word of each alert, whether or not it belongs to an incident.
CREATE TABLE facts (
    service     TEXT NOT NULL,
    key         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    number      TEXT NOT NULL,
    status      TEXT NOT NULL,
    starts_at   TIMESTAMPTZ,
    count       BIGINT NOT NULL,
    first_seen  TIMESTAMPTZ NOT NULL,
    last_seen   TIMESTAMPTZ NOT NULL,
    listed      INTEGER NOT NULL,
    alert       TEXT NOT NULL,
    PRIMARY KEY (service, key, fingerprint)
);
CREATE INDEX facts_number ON facts (number, first_seen);

CREATE TABLE outbox (
    id          BIGINT PRIMARY KEY,
    number      TEXT NOT NULL REFERENCES claims (number) ON UPDATE CASCADE,
    alerts      TEXT NOT NULL,
    more        BIGINT NOT NULL,
    at          TIMESTAMPTZ NOT NULL,
    accepted_at TIMESTAMPTZ
);
CREATE INDEX outbox_waiting ON outbox (id) WHERE accepted_at IS NULL;
CREATE INDEX outbox_number ON outbox (number) WHERE accepted_at IS NULL;

CREATE TABLE incidents (
    number      TEXT PRIMARY KEY,
    n           BIGINT NOT NULL,
    phase       TEXT NOT NULL,
    service     TEXT NOT NULL,
    team        TEXT NOT NULL,
    key         TEXT NOT NULL,
    severity    TEXT NOT NULL,
    urgency     TEXT NOT NULL,
    holder      TEXT NOT NULL,
    commander   TEXT NOT NULL,
    title       TEXT NOT NULL,
    opened_at   TIMESTAMPTZ NOT NULL,
    updated_at  TIMESTAMPTZ NOT NULL,
    resolved_at TIMESTAMPTZ,
    closed_at   TIMESTAMPTZ,
    gone_at     TIMESTAMPTZ,
    gone_reason TEXT NOT NULL,
    revision    BIGINT NOT NULL,
    doc         TEXT NOT NULL
);
CREATE INDEX incidents_opened ON incidents (opened_at, number);
CREATE INDEX incidents_service ON incidents (service, opened_at);
CREATE INDEX incidents_open ON incidents (updated_at)
    WHERE phase NOT IN ('closed', 'transient', 'cancelled', 'merged');

CREATE TABLE timeline (
    incident        TEXT NOT NULL REFERENCES incidents (number),
    epoch           TEXT NOT NULL,
    sequence        BIGINT NOT NULL,
    kind            TEXT NOT NULL,
    occurred_at     TIMESTAMPTZ,
    recorded_at     TIMESTAMPTZ,
    actor_kind      TEXT NOT NULL,
    actor           TEXT NOT NULL,
    role            TEXT NOT NULL,
    source          TEXT NOT NULL,
    text            TEXT NOT NULL,
    highlight       INTEGER NOT NULL,
    redacted_at     TIMESTAMPTZ,
    redacted_by     TEXT NOT NULL,
    redacted_reason TEXT NOT NULL,
    PRIMARY KEY (incident, sequence, epoch)
);

CREATE TABLE pages (
    key         TEXT PRIMARY KEY,
    incident    TEXT NOT NULL REFERENCES incidents (number),
    summons     TEXT NOT NULL,
    person      TEXT NOT NULL,
    contact     TEXT NOT NULL,
    kind        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    due_at      TIMESTAMPTZ NOT NULL,
    state       TEXT NOT NULL,
    sent_at     TIMESTAMPTZ,
    answered_at TIMESTAMPTZ,
    error       TEXT NOT NULL,
    revision    BIGINT NOT NULL
);
CREATE INDEX pages_incident ON pages (incident, due_at, key);
CREATE INDEX pages_person ON pages (person, due_at, key);

-- What the incident documents hold of follow-ups, kept beside them for lists.
CREATE TABLE follow_ups (
    incident TEXT NOT NULL REFERENCES incidents (number),
    id       TEXT NOT NULL,
    owner    TEXT NOT NULL,
    state    TEXT NOT NULL,
    due_at   TIMESTAMPTZ,
    title    TEXT NOT NULL,
    revision BIGINT NOT NULL,
    doc      TEXT NOT NULL,
    PRIMARY KEY (incident, id)
);
CREATE INDEX follow_ups_owner ON follow_ups (owner, state);

CREATE TABLE attempts (
    key      TEXT NOT NULL,
    at       TIMESTAMPTZ NOT NULL,
    incident TEXT NOT NULL,
    what     TEXT NOT NULL,
    error    TEXT NOT NULL,
    PRIMARY KEY (key, at)
);
CREATE INDEX attempts_incident ON attempts (incident, at);

CREATE TABLE histories (
    workflow_id TEXT NOT NULL,
    run_id      TEXT NOT NULL,
    closed_at   TIMESTAMPTZ,
    gz          BYTEA NOT NULL,
    PRIMARY KEY (workflow_id, run_id)
);

CREATE TABLE attachments (
    id       TEXT PRIMARY KEY,
    incident TEXT NOT NULL,
    name     TEXT NOT NULL,
    type     TEXT NOT NULL,
    data     BYTEA NOT NULL,
    at       TIMESTAMPTZ NOT NULL
);
CREATE INDEX attachments_incident ON attachments (incident, at);
