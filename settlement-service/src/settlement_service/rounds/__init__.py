"""From a slot whose outcome is over to money: actuals, reveal, score, settlement."""
