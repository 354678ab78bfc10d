"""The log kept: one port, on SQLite and in memory. Blocking; no Twisted here."""
