"""The product's process on a Spark that nobody tuned: only its jars and its local addresses are set."""

import runpy

from streaming_processor import job

_NEEDED = ("spark.jars", "spark.driver.host", "spark.driver.bindAddress", "spark.ui.enabled")
_tuned = job._configuration
job._configuration = lambda settings, jars: {k: v for k, v in _tuned(settings, jars).items() if k in _NEEDED}

if __name__ == "__main__":
    runpy.run_module("streaming_processor", run_name="__main__", alter_sys=True)
