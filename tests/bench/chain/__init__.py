"""Group ``chain``: what seals and scores cost on the chain, and how fast roots are built."""
