"""How much each rung of the ladder costs: a set of the backtest, forecast again and again with inputs switched off."""
