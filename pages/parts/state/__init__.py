"""The sections of the operator's page about the state of the system."""
