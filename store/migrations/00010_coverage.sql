-- +goose Up

-- The gaps in its coverage that a team was told of, by their marks.
CREATE TABLE coverage_told (
    team    TEXT NOT NULL,
    gap     TEXT NOT NULL,
    told_at TIMESTAMPTZ NOT NULL,
    PRIMARY KEY (team, gap)
);
