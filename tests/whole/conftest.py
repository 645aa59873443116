"""What only reads a record is asked in this process, as the tests of the commands do."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parents[1] / "front"))
