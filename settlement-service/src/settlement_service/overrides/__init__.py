"""What operators ask for on the chain, turned into jobs, and answered with a new version."""
