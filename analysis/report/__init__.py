"""The report of a search: draws what the stages have stored, in plots, numbers and one HTML file."""
