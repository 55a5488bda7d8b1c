"""What a product asks for at one slot, and the forecasts that answer it. Pure."""
