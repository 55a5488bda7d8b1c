"""The whole stack on one machine, with no container: real servers on loopback, in order, restarted when they die."""
