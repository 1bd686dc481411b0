"""Where pictures are rendered by the computers of a Ray cluster; `hotfolder setup ray` adds it.

`executor` is what the daemon has. It starts a process, `driver`, that belongs to the cluster, and
another one whenever that ends: Ray ends a process that has lost its cluster, and the daemon goes
on. The driver looks after a `seat` for each graphics card, or computer without one, that the
cluster has at this moment; on each sits an `actor` with a renderer. Ray only starts actors and
carries bytes: what is to be done next, and what is done again, is the daemon's affair.
"""
