"""What runs a search: stages with keys, kept results, several processes, and where a result comes from."""
