"""When forecasts and trainings are due."""
