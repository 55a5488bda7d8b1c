"""The public interfaces as their documents describe them."""
