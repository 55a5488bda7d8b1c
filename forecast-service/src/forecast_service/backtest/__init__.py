"""Rolling-origin backtests of any forecaster on any table of series, by one scorer."""
