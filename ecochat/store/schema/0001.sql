-- Rooms: numbered logs, of which first and last are the ends.
CREATE TABLE rooms (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    key TEXT NOT NULL UNIQUE,
    made INTEGER NOT NULL,
    first INTEGER NOT NULL DEFAULT 1,
    last INTEGER NOT NULL DEFAULT 0,
    topic TEXT NOT NULL DEFAULT ''
);

-- What was said and set. seq is the place in the one order of the server; it only
-- grows, so that the table is appended to. key and id are the sender's own.
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    room INTEGER NOT NULL,
    n INTEGER NOT NULL,
    time INTEGER NOT NULL,
    session INTEGER NOT NULL,
    nick TEXT NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    key BLOB,
    id INTEGER
);
CREATE UNIQUE INDEX events_by_number ON events (room, n);

-- Who was here and when, in milliseconds since 1970. AUTOINCREMENT: a number is never
-- given twice, even when old rows are deleted.
CREATE TABLE sessions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    nick TEXT NOT NULL,
    address TEXT NOT NULL,
    connected INTEGER NOT NULL,
    disconnected INTEGER
);
CREATE INDEX sessions_open ON sessions (id) WHERE disconnected IS NULL;
