"""Deliberately broken parts: the proof that the checker sees what it should see."""
