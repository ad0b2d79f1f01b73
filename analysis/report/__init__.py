"""The report of a search: plots, numbers and one HTML file that opens anywhere."""

from analysis.report.write import write_report

__all__ = ["write_report"]
