-- +goose Up

-- How many incidents of the key cleared by themselves of late, one after the
-- other, when this number was handed out.
ALTER TABLE claims ADD COLUMN cleared INTEGER NOT NULL DEFAULT 0;
