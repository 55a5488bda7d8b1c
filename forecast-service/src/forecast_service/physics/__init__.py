"""What a plant can do at most, whatever a model says."""
