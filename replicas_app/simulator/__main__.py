"""`python -m replicas_app.simulator`: the simulator without Django."""

import sys

from .command import main

sys.exit(main())
