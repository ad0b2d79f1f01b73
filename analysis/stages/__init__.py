"""The tasks of a search, one file each: from event files to selected events, scores, cuts, fits and limits."""
