"""What every public REST interface of ours does the same way: queries, cursors, formats, ETags, keys, limits."""
