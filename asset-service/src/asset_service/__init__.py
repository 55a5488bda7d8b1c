"""What exists: sites, assets, series and products, and how each asset did against its forecast."""
