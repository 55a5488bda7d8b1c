"""Which readings are believed, and why not: rules as data, and the pure code that applies them."""
