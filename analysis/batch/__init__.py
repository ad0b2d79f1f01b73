"""Work for many machines: parts of a search as plain batch jobs, and their stages put together again."""
