"""Forecasts of meters, sites and regions that add up, and batteries that end when they are empty. Pure."""
