"""``/ws/forecasts``: pure rules (``ring``, ``queue``, ``narrow``), one hub, one connection each."""
