"""The sandbox's memory: objects as JSON in SQLite, one transaction a request, so that nothing is half done."""

from __future__ import annotations

import json
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

Obj = dict[str, Any]

SCHEMA = """
CREATE TABLE IF NOT EXISTS objects (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT UNIQUE, kind TEXT,
    customer TEXT, body TEXT);
CREATE INDEX IF NOT EXISTS objects_kind ON objects (kind, seq);
CREATE INDEX IF NOT EXISTS objects_customer ON objects (customer, kind, seq);
CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, fingerprint TEXT, status INTEGER, body TEXT);
CREATE TABLE IF NOT EXISTS deliveries (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, body TEXT, due REAL, attempts INTEGER DEFAULT 0, done INTEGER DEFAULT 0);
CREATE INDEX IF NOT EXISTS deliveries_due ON deliveries (done, due);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT);
"""


def new_id(prefix: str) -> str:
    """Return an id as Stripe writes them, such as cus_8f14e45fceea167a."""
    return f"{prefix}_{secrets.token_hex(12)}"


class Store:
    """Objects by id and kind, kept replies, and webhooks that wait for delivery."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock = threading.RLock()
        self._database = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._database.execute("PRAGMA journal_mode=WAL")
        self._database.execute("PRAGMA synchronous=NORMAL")
        self._database.executescript(SCHEMA)

    def close(self) -> None:
        """Give the file back."""
        with self._lock:
            self._database.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do everything inside or nothing; one caller at a time."""
        with self._lock:
            if self._database.in_transaction:  # a rule that calls another one
                yield
                return
            self._database.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._database.execute("ROLLBACK")
                raise
            self._database.execute("COMMIT")

    # Objects ------------------------------------------------------------------------------------------
    def put(self, item: Obj, customer: str = "") -> Obj:
        """Keep an object under its id, in the order of first keeping; ``customer`` where it names none itself."""
        self._run(
            "INSERT INTO objects (id, kind, customer, body) VALUES (?, ?, ?, ?) "
            "ON CONFLICT (id) DO UPDATE SET body = excluded.body",
            item["id"],
            item["object"],
            item.get("customer") or customer,
            json.dumps(item),
        )
        return item

    def get(self, kind: str, identifier: str) -> Obj | None:
        """Return one object, or None."""
        rows = self._run("SELECT body FROM objects WHERE id = ? AND kind = ?", identifier, kind)
        return json.loads(rows[0][0]) if rows else None

    def need(self, kind: str, identifier: str) -> Obj:
        """Return one object that must be there. Raises KeyError."""
        found = self.get(kind, identifier)
        if found is None:
            raise KeyError(identifier)
        return found

    def every(self, kind: str, customer: str = "", **equal: Any) -> list[Obj]:
        """Return the objects of a kind, of one customer if given, with these fields; newest first, as at Stripe."""
        rows = (
            self._run("SELECT body FROM objects WHERE customer = ? AND kind = ? ORDER BY seq DESC", customer, kind)
            if customer
            else self._run("SELECT body FROM objects WHERE kind = ? ORDER BY seq DESC", kind)
        )
        items: list[Obj] = [json.loads(row[0]) for row in rows]
        return [item for item in items if all(item.get(name) == value for name, value in equal.items())]

    # Kept replies ---------------------------------------------------------------------------------------
    def reply_to(self, key: str) -> tuple[str, int, str] | None:
        """Return fingerprint, status and body of the request that bore this idempotency key."""
        rows = self._run("SELECT fingerprint, status, body FROM replies WHERE key = ?", key)
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def keep_reply(self, key: str, fingerprint: str, status: int, body: str) -> None:
        """Keep the reply to a request, to be given again to the same key."""
        self._run("INSERT OR REPLACE INTO replies VALUES (?, ?, ?, ?)", key, fingerprint, status, body)

    # Webhooks ---------------------------------------------------------------------------------------------
    def queue_delivery(self, body: str) -> None:
        """Have an event delivered."""
        self._run("INSERT INTO deliveries (body, due) VALUES (?, ?)", body, time.time())

    def due_delivery(self) -> tuple[int, str, int] | None:
        """Return the delivery that is due first (seq, body, attempts so far), or None."""
        rows = self._run(
            "SELECT seq, body, attempts FROM deliveries WHERE done = 0 AND due <= ? ORDER BY seq LIMIT 1", time.time()
        )
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def next_due(self) -> float | None:
        """Return when the next delivery is due, or None."""
        rows = self._run("SELECT MIN(due) FROM deliveries WHERE done = 0")
        return None if rows[0][0] is None else float(rows[0][0])

    def delivery_ended(self, seq: int) -> None:
        """Note that a delivery arrived or is given up."""
        self._run("UPDATE deliveries SET done = 1, attempts = attempts + 1 WHERE seq = ?", seq)

    def delivery_failed(self, seq: int, wait: float) -> None:
        """Note that a delivery failed and when to try again."""
        self._run("UPDATE deliveries SET attempts = attempts + 1, due = ? WHERE seq = ?", time.time() + wait, seq)

    # The clock ----------------------------------------------------------------------------------------------
    def now(self) -> int:
        """Return the sandbox's time in Unix seconds: the real time, moved forward by what was asked for."""
        rows = self._run("SELECT value FROM facts WHERE name = 'offset'")
        return int(time.time()) + (int(rows[0][0]) if rows else 0)

    def move_clock(self, to: int) -> None:
        """Move the sandbox's time to ``to``; never back."""
        offset = max(to, self.now()) - int(time.time())
        self._run("INSERT OR REPLACE INTO facts VALUES ('offset', ?)", str(offset))

    def _run(self, statement: str, *values: Any) -> list[Any]:
        with self._lock:
            return self._database.execute(statement, values).fetchall()
