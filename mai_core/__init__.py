"""The core of mAI Usage: what is metered, what it costs, where it is kept. See ARCHITECTURE.md."""

__version__ = "0.1.0"
