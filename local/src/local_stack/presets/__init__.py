"""``make demo PRODUCT=…``: one of the products of the source designs, from its provider's answers to its score."""
