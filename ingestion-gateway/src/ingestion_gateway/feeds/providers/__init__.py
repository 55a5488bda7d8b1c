"""One file per provider. Each has ``make(outside) -> Feed``; a source record names the file."""
