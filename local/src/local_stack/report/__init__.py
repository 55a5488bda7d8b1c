"""What the demo says about itself: figures read from the running system, and what is still missing."""
