"""A process that brings records 0, 1, 2 … into Bronze until it is killed or done: ``writer.py FOLDER LAST SIZE``."""

import sys

from streaming_processor.lake.bronze import Bronze, Record

if __name__ == "__main__":
    folder, last, size = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    bronze = Bronze(folder)
    while (first := bronze.position("telemetry.wind", 0)) < last:
        # A broker hands over some records again; the lake must know which.
        offsets = range(max(first - 5, 0), min(first + size, last))
        bronze.append(Record("telemetry.wind", 0, i, 1_767_225_600_000 + i, b"k", b"v" * 200, ()) for i in offsets)
