"""Downloads of usage: one request in words, four formats, the same code behind the command line, the API and pages.

    request = ExportRequest(start, end, client="...", by=("day", "user", "model"), format="csv")
    export(reporting, viewer, request, Path("usage.csv"), progress=lambda done, total: ...)

Columns as in `columns_of(request)`. Written month by month and client by client, so memory does not grow with size.
"""

from mai_core.reports.exports.request import ExportRequest, columns_of, suffix_of
from mai_core.reports.exports.run import export

__all__ = ["ExportRequest", "columns_of", "export", "suffix_of"]
