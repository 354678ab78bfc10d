-- What an event is about.
ALTER TABLE events ADD COLUMN target INTEGER;
CREATE INDEX events_by_id ON events (key, id) WHERE id IS NOT NULL;
CREATE INDEX edits ON events (room, target) WHERE kind = 'edit';

-- Events whose text is another one's now (of event now; by is its number). Their own is
-- overwritten by as many zeros, as a blob: a row of another size would have SQLite move
-- rows beside it, and leave copies of their texts in the free space of pages.
CREATE TABLE changes (
    seq INTEGER PRIMARY KEY,
    by INTEGER NOT NULL,
    now INTEGER NOT NULL
);
CREATE VIEW log AS SELECT
    e.seq, e.room, e.n, e.time, e.session, e.nick, e.kind,
    iif(c.now IS NULL, e.text, present.text) AS text,
    e.key, e.id, e.target, ifnull(c.by, 0) AS changed
    FROM events AS e
    LEFT JOIN changes AS c ON c.seq = e.seq
    LEFT JOIN events AS present ON present.seq = c.now;

-- Clients' keys, of which only hashes are kept; the last id of each, and where that is
-- stored, or was; and how far each has read.
CREATE TABLE keys (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    last_id INTEGER NOT NULL DEFAULT 0,
    last_room INTEGER NOT NULL DEFAULT 0,
    last_n INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE read_marks (
    key INTEGER NOT NULL,
    room INTEGER NOT NULL,
    n INTEGER NOT NULL,
    PRIMARY KEY (key, room)
) WITHOUT ROWID;

-- Whose a session is, if it has a key. Of those that are open it is kept in which
-- rooms they are; the ids rise in the order in which they came in.
ALTER TABLE sessions ADD COLUMN key INTEGER;
CREATE INDEX sessions_of_keys ON sessions (key, id) WHERE key IS NOT NULL;
CREATE TABLE entrances (
    id INTEGER PRIMARY KEY,
    session INTEGER NOT NULL,
    room INTEGER NOT NULL,
    UNIQUE (session, room)
);

-- The private rooms of keys, and the place of the newest event in each. (Those of
-- sessions without a key, the only ones before, are asked for by nobody.)
CREATE TABLE talks (
    room INTEGER NOT NULL,
    key INTEGER NOT NULL,
    seq INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (room, key)
) WITHOUT ROWID;
CREATE INDEX talks_newest ON talks (key, seq, room);
CREATE TRIGGER talks_go_on AFTER UPDATE OF last ON rooms WHEN new.owners != '' BEGIN
    UPDATE talks SET
        seq = (SELECT seq FROM events WHERE room = new.id AND n = new.last)
        WHERE room = new.id;
END;

-- The place in the order at which events were forgotten last: none is given again.
CREATE TABLE expired (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL);

-- The parts of the search index: each is a table search_<id> of the messages from
-- first to last, by place in the order. A part is dirty while words that were taken
-- out are still in its file.
CREATE TABLE search_parts (
    id INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    last INTEGER NOT NULL,
    time INTEGER NOT NULL DEFAULT 0,
    messages INTEGER NOT NULL DEFAULT 0,
    dirty INTEGER NOT NULL DEFAULT 0
);
