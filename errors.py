"""The one exception that a user is meant to see."""


class MaplessError(Exception):
    """A problem the user can mend; its message is one line that names the thing and the way out."""
