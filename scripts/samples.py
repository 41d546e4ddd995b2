"""Make the samples of the package again, of datasets on record: ``samples.py DATASET ...``"""

import sys

from radlens.bootstrap import GALLERY, open_site, settings
from radlens.domain.errors import NoSuchItem
from radlens.lab.samples import sample
from radlens.usecases.datasets import named

with open_site(settings()) as site:
    for name in sys.argv[1:]:
        dataset = named(site, name)
        if dataset is None:
            raise NoSuchItem(f"There is no dataset {name!r} on record.")
        part = dataset.task.partition("-")[0]
        content = sample(site, dataset, GALLERY / dataset.task)
        (GALLERY / "samples" / f"{part}-average.png").write_bytes(content)
