"""The way of every transaction of this service: ordered, signed, sent, mined, final; once, whatever dies meanwhile."""
