-- Private rooms: the identities of the two that one belongs to; empty for everyone.
ALTER TABLE rooms ADD COLUMN owners TEXT NOT NULL DEFAULT '';

-- Which sessions ended last.
CREATE INDEX sessions_ended ON sessions (disconnected, id)
    WHERE disconnected IS NOT NULL;
