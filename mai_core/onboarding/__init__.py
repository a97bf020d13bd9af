"""Setting up one client: its `.env`, its place in the ledger, its OpenRouter key and destination."""
