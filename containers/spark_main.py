"""What the Spark Operator starts: the stream as a module, so that its package is not its search path."""

import runpy

runpy.run_module("streaming_processor", run_name="__main__")
