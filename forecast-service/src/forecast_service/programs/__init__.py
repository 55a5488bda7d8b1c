"""One module a program: each puts its own parts together and imports nothing that it does not run."""
