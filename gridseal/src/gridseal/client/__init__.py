"""REST and WebSocket client for outsiders, and the JSON-RPC reader that ``gridseal verify`` uses."""
