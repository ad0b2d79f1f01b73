"""Local and global p-values of an excess, expected and observed."""
