"""Triggers that keep the log as it was written, in the words of each database."""

REFUSAL = "the log is append only"

_SQLITE = f"BEGIN SELECT RAISE(ABORT, '{REFUSAL}'); END"
_RAISE = f"RAISE EXCEPTION '{REFUSAL}' USING ERRCODE = 'integrity_constraint_violation';"
_FUNCTION = "CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {body} END $$"
_LATER = "EXISTS (SELECT 1 FROM log WHERE seq >= NEW.seq)"
_BEFORE = "NEW.seq <= (SELECT seq FROM head)"
"""By the head, which is one row: a server that has not counted a table yet goes through all of it for each row."""

ONLY_AFTER = _FUNCTION.format(name="only_after", body=f"IF {_BEFORE} THEN {_RAISE} END IF; RETURN NEW;")
"""What a server asks of each row that is added."""

GUARDS: dict[str, tuple[str, ...]] = {
    "sqlite": (
        f"CREATE TRIGGER log_no_update BEFORE UPDATE ON log {_SQLITE}",
        f"CREATE TRIGGER log_no_delete BEFORE DELETE ON log {_SQLITE}",
        # INSERT OR REPLACE would change a row, and SQLite does not count that as a DELETE.
        f"CREATE TRIGGER log_only_after BEFORE INSERT ON log WHEN {_LATER} {_SQLITE}",
    ),
    "postgresql": (
        _FUNCTION.format(name="append_only", body=_RAISE),
        ONLY_AFTER,
        "CREATE TRIGGER log_no_update BEFORE UPDATE ON log FOR EACH ROW EXECUTE FUNCTION append_only()",
        "CREATE TRIGGER log_no_delete BEFORE DELETE ON log FOR EACH ROW EXECUTE FUNCTION append_only()",
        "CREATE TRIGGER log_no_truncate BEFORE TRUNCATE ON log FOR EACH STATEMENT EXECUTE FUNCTION append_only()",
        "CREATE TRIGGER log_only_after BEFORE INSERT ON log FOR EACH ROW EXECUTE FUNCTION only_after()",
    ),
}
"""What is run once, after the table `log` is made."""

TAKING_AWAY: dict[str, tuple[str, str]] = {
    "sqlite": ("DROP TRIGGER log_no_delete", GUARDS["sqlite"][1]),
    "postgresql": ("DROP TRIGGER log_no_delete ON log", GUARDS["postgresql"][3]),
}
"""What lets rows be deleted within a transaction, and what forbids it again: for rows that were archived alone."""
