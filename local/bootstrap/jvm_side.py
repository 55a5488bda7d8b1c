"""Jars of the Kafka broker and of Spark's Kafka connector, from Maven Central by one ``pom.xml``."""

import shutil

from context import Context

SETS = ("kafka", "spark")


def fetch_jars(context: Context) -> None:
    """Fetch both sets anew, each into its own folder."""
    for name in SETS:
        target = context.local / "jars" / name
        fresh = target.with_name(f"{name}.part")
        shutil.rmtree(fresh, ignore_errors=True)
        context.call(
            "jars",
            [
                *("mvn", "-B", "-q", "-ntp", "-f", context.root / "local" / "pom.xml", f"-P{name}"),
                *("dependency:copy-dependencies", f"-DoutputDirectory={fresh}"),
            ],
            source="Maven Central",
        )
        shutil.rmtree(target, ignore_errors=True)
        fresh.rename(target)
    shutil.copy(context.root / "local" / "pom.xml", context.local / "jars")


def jars_there(context: Context) -> bool:
    """Whether broker and connector are in place, in the versions of today's ``pom.xml``."""
    fetched = context.local / "jars" / "pom.xml"
    return fetched.exists() and fetched.read_bytes() == (context.root / "local" / "pom.xml").read_bytes()
