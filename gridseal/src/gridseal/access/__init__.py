"""Who asks, and whether they may: principals, policies per route, tokens, API keys, the audit log."""
