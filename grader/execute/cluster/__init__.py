"""Jobs on other machines, by Dask distributed: `driver.py` is the batch's end, `serving.py` a worker's.

What travels is bytes (`travel.py`), which nobody unpickles: a sandbox's answers arrive as they would from a
sandbox of this machine, and are read by the same reader.
"""
