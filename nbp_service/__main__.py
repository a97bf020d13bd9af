"""`python -m nbp_service`, on PORT (else NBP_PORT, 8001)."""

from __future__ import annotations

import os
import sys

import uvicorn

from mai_core.errors import MaiError
from mai_core.settings import load_settings
from nbp_service.app import create_app


def main() -> int:
    try:
        settings = load_settings()
        port = int(os.environ.get("PORT") or settings.nbp_port)
    except (MaiError, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    uvicorn.run(create_app(settings), host=settings.mai_host, port=port, log_level="warning", access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
