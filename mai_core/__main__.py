"""`python -m mai_core <command>`"""

import sys

from mai_core.cli import main

if __name__ == "__main__":
    sys.exit(main())
