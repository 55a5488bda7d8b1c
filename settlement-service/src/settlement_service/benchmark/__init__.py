"""The committed benchmark: the seasonal-naive forecast of every slot, sealed by an authority of its own."""
