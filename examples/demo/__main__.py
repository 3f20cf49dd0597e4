"""``python -m examples.demo``: see ``--help``."""

import sys

from examples.demo._launch import main

if __name__ == "__main__":
    sys.exit(main())
