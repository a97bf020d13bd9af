"""Who is asking, and what may they see: accounts, sessions, one-time links, API tokens."""
