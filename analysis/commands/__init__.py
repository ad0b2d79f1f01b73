"""What each verb of the command line does, apart from the stages of a search."""
