"""What was measured: which values a slot needs, and the set of them that is proposed on the chain."""
