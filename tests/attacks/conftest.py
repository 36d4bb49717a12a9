"""The attackers are made of the quick convolution of the functions from outside."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "outside")]
