"""Pure rules that turn what devices say into what the stores hold."""
