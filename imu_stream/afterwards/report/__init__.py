"""The report of a session: one HTML file that needs no other, for a browser or for paper."""

from imu_stream.afterwards.report.page import report_html

__all__ = ["report_html"]
