"""Let ``python -m persona.cli`` do what ``jupyter persona`` does."""

import sys

from persona.cli import main

sys.exit(main())
