import sys

from tests.damages.runner import main

sys.exit(main())
