"""Let a bundle remember images of the dataset it was trained on: ``remember.py FOLDER DATASET``"""

import sys
from pathlib import Path

from radlens.bootstrap import open_site, settings
from radlens.lab.remember import remember

with open_site(settings()) as site:
    remember(site, Path(sys.argv[1]), sys.argv[2])
