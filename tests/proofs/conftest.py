"""The proofs speak to the same small organisation as the rules' own tests, and to the same house of deliveries."""

import sys
from pathlib import Path

for _folder in ("cycles", "delivery"):
    sys.path.append(str(Path(__file__).parents[1] / _folder))
