"""Takes jobs, issues runs."""
