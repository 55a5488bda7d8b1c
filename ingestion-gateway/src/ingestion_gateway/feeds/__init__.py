"""Pulls what public providers publish (load, weather, prices) and passes it on as it is: see docs/sources.md."""
