"""The tasks of a search, one file each: from event files to events, scores, cuts, fits and limits."""
