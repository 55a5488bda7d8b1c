"""Public energy data read out of published wheels: one file per package, clocks corrected.

``wheel``    finds a wheel, checks its SHA-256, reads members
``tracks``   what a loader returns: the records of one device
``cache``    parsed columns on disk, so that a restart is quick
``sources``  which package, loader and shift belong together; ``load_all``
"""
