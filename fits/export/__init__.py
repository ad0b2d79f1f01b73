"""Results and models in the formats of other tools, one per file."""
