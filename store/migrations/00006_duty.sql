-- +goose Up

-- How often that was changed which people change day by day: what no apply of
-- the catalog undoes. Every process looks at it every other second.
ALTER TABLE counters ADD COLUMN overlay BIGINT NOT NULL DEFAULT 0;

-- What was removed stays, so that one can say who was on call then.
CREATE TABLE overrides (
    id         TEXT PRIMARY KEY,
    schedule   TEXT NOT NULL,
    rotation   TEXT NOT NULL,
    kind       TEXT NOT NULL,
    person     TEXT NOT NULL,
    of_person  TEXT NOT NULL,
    from_at    TIMESTAMPTZ NOT NULL,
    until_at   TIMESTAMPTZ NOT NULL,
    reason     TEXT NOT NULL,
    swap       TEXT NOT NULL,
    made_at    TIMESTAMPTZ NOT NULL,
    made_by    TEXT NOT NULL,
    removed_at TIMESTAMPTZ,
    removed_by TEXT NOT NULL
);
CREATE INDEX overrides_until ON overrides (until_at);
CREATE INDEX overrides_schedule ON overrides (schedule, from_at);

CREATE TABLE temporaries (
    id         TEXT PRIMARY KEY,
    schedule   TEXT NOT NULL,
    rotation   TEXT NOT NULL,
    from_at    TIMESTAMPTZ NOT NULL,
    until_at   TIMESTAMPTZ NOT NULL,
    shifts     TEXT NOT NULL,
    reason     TEXT NOT NULL,
    made_at    TIMESTAMPTZ NOT NULL,
    made_by    TEXT NOT NULL,
    removed_at TIMESTAMPTZ,
    removed_by TEXT NOT NULL
);
CREATE INDEX temporaries_until ON temporaries (until_at);

-- One person gives a shift and takes one for it.
CREATE TABLE swaps (
    id            TEXT PRIMARY KEY,
    schedule      TEXT NOT NULL,
    giver         TEXT NOT NULL,
    taker         TEXT NOT NULL,
    give_rotation TEXT NOT NULL,
    give_from     TIMESTAMPTZ NOT NULL,
    give_until    TIMESTAMPTZ NOT NULL,
    take_rotation TEXT NOT NULL,
    take_from     TIMESTAMPTZ NOT NULL,
    take_until    TIMESTAMPTZ NOT NULL,
    state         TEXT NOT NULL,
    reason        TEXT NOT NULL,
    made_at       TIMESTAMPTZ NOT NULL,
    answered_at   TIMESTAMPTZ
);
CREATE INDEX swaps_giver ON swaps (giver, made_at);
CREATE INDEX swaps_taker ON swaps (taker, made_at);

CREATE TABLE contact_methods (
    person  TEXT NOT NULL,
    id      TEXT NOT NULL,
    kind    TEXT NOT NULL,
    address TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    made_by TEXT NOT NULL,
    PRIMARY KEY (person, id)
);

-- Codes that were sent, and what they proved. The mark is a digest of kind and
-- address: another address under the same id is not verified.
CREATE TABLE verifications (
    id          TEXT PRIMARY KEY,
    person      TEXT NOT NULL,
    contact     TEXT NOT NULL,
    mark        TEXT NOT NULL,
    hash        TEXT NOT NULL,
    tries       INTEGER NOT NULL,
    sent_at     TIMESTAMPTZ NOT NULL,
    verified_at TIMESTAMPTZ
);
CREATE INDEX verifications_contact ON verifications (person, contact, sent_at);

CREATE TABLE personal_rules (
    person  TEXT PRIMARY KEY,
    rules   TEXT NOT NULL,
    made_at TIMESTAMPTZ NOT NULL,
    made_by TEXT NOT NULL
);

-- Feeds of shifts, each behind an address that holds a secret.
CREATE TABLE calendars (
    id         TEXT PRIMARY KEY,
    owner      TEXT NOT NULL,
    person     TEXT NOT NULL,
    schedule   TEXT NOT NULL,
    hash       TEXT NOT NULL UNIQUE,
    made_at    TIMESTAMPTZ NOT NULL,
    rotated_at TIMESTAMPTZ,
    revoked_at TIMESTAMPTZ
);
CREATE INDEX calendars_owner ON calendars (owner, made_at);

-- What a person is to be told outside every incident. The key says what it is
-- about, so that nobody is told twice.
CREATE TABLE notices (
    key     TEXT PRIMARY KEY,
    person  TEXT NOT NULL,
    title   TEXT NOT NULL,
    body    TEXT NOT NULL,
    due_at  TIMESTAMPTZ NOT NULL,
    tries   INTEGER NOT NULL,
    sent_at TIMESTAMPTZ,
    over_at TIMESTAMPTZ
);
CREATE INDEX notices_waiting ON notices (due_at) WHERE over_at IS NULL;
