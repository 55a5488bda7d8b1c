"""What people look at: how good forecasts were, what models did, what was done about alerts."""
