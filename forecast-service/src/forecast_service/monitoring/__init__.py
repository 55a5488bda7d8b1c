"""How good the issued forecasts turned out."""
