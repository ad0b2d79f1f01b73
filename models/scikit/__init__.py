"""Pieces with the names, arguments and shapes that users of skCATHODE know (arXiv:2506.22521)."""
