"""Reports on how a model does: a page with pictures for a person, and the page of a model card."""

from __future__ import annotations

from segtool.report.contents import ReportImage
from segtool.report.writing import Report, evaluate_and_report, write_report

__all__ = ["Report", "ReportImage", "evaluate_and_report", "write_report"]
