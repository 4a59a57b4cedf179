-- +goose Up

-- Which incident a ticket belongs to, by the id that it keeps when it is moved.
CREATE TABLE tickets (
    id       TEXT PRIMARY KEY,
    incident TEXT NOT NULL REFERENCES incidents (number)
);
