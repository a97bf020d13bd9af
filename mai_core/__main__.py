"""`python -m mai_core <command>`"""

import sys

from mai_core.cli import main

sys.exit(main())
