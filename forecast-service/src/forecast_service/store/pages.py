"""Pages that checks write for people: table ``forecast.pages``, the newest of each name."""

from forecast_service.store.database import Pool, answering

LATEST, DATED = "latest_drift.html", "drift_report.html"
"""What the newest drift check found, under both names that S3 gives it."""


class Pages:
    """Methods block: call them from a thread."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    def keep(self, name: str, html: str) -> None:
        """Replace the page of a name.

        Raises:
            UnavailableError: PostgreSQL does not answer.
        """
        with answering(), self._pool.connection() as connection:
            connection.execute(
                "INSERT INTO forecast.pages (name, html) VALUES (%s, %s) ON CONFLICT (tenant_id, name) DO UPDATE"
                " SET html = excluded.html, made_at = clock_timestamp()",
                (name, html),
            )

    def read(self, name: str) -> str | None:
        """The page, or none before the first of its name."""
        with answering(), self._pool.connection() as connection:
            row = connection.execute("SELECT html FROM forecast.pages WHERE name = %s", (name,)).fetchone()
        return str(row[0]) if row else None
