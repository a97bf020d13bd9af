"""What OpenRouter says an account cost, beside what the ledger has, and why the two differ."""
