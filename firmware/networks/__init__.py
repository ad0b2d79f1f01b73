"""The quantised networks of the triggers, and the types of their numbers."""
