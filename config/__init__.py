"""Settings and everything that knows all rooms of the house."""
