-- +goose Up

-- How many runs have started by themselves of late, for all services.
CREATE INDEX auto_runs_by_time ON auto_runs (at);
