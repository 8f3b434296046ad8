"""Classes of statements that olap tables refuse today (feature_not_supported).

They are left out unless switched on by name; a class switched on all the same is
spared the heap twin when olap refuses it. A line goes when olap can do it.
"""

REFUSED = {
}
