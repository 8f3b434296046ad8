/*-------------------------------------------------------------------------
 *
 * order_paths.h
 *		OlapScan paths in the order of a column; what they share with others.
 *
 * src/plan/order_paths.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_ORDER_PATHS_H
#define OLAP_ORDER_PATHS_H

#include "nodes/pathnodes.h"

#include "index/sortkey.h"

/*
 * Work a row: testing it in a kernel is a twentieth of an operator call, and of
 * handing it on as a tuple. Looking it up in a runtime filter is so many tests.
 */
#define OLAP_KERNEL_FACTOR 0.05
#define OLAP_PROBE_KERNELS 10

/* What a scan of a relation has to do, whatever its path. */
typedef struct OlapPlanWork
{
	double		tuples;
	double		vector_rows;	/* that pass the vector clauses */
	double		read;			/* part of rows and pages that is read */
	double		kernels;		/* tests on every row read */
	QualCost	rest;			/* the other clauses */
	Bitmapset  *filter;			/* attributes that vector clauses read */
	Oid			table;
} OlapPlanWork;

/* An OlapScan path; by its first member PostgreSQL's CustomPath. */
typedef struct OlapScanPath
{
	CustomPath	cpath;
	OlapPlanWork work;
	const Bitmapset *set;		/* attributes that are read */
	double		left;			/* part of the rows that runtime filters leave */
	Cost		make;			/* of making those filters */
} OlapScanPath;

/* ---- scan_cost.c.  Attribute sets are offset as pull_varattnos() does. ---- */

/* May this clause run before the others, and has it a vector form? */
extern bool olap_is_vector_clause(RelOptInfo *rel, RestrictInfo *rinfo);

/* set with the attributes of relid in node, system columns included. */
extern Bitmapset *olap_attributes_of(Node *node, Index relid, Bitmapset *set);

/* The part of the rows that zone maps leave for so many keys of these columns. */
extern double olap_keys_part(PlannerInfo *root, RelOptInfo *rel, List *attnos,
							 double left, double keys);

/* Sets the costs; expects the path's rows of all participants, leaves one's. */
extern void olap_cost_scan(RelOptInfo *rel, OlapScanPath *scan, Cost emit);
extern void olap_plan_work(PlannerInfo *root, RelOptInfo *rel,
						   RangeTblEntry *rte, OlapPlanWork *work);

/*
 * index_cost.c.  Adds to the index paths of rel, whose scans read these
 * attributes, what PostgreSQL does not know of rows that are found one by one.
 */
extern void olap_cost_index_paths(PlannerInfo *root, RelOptInfo *rel,
								  const OlapPlanWork *work,
								  const Bitmapset *set);

/* What decompressing the strings of set costs for a row that an index finds. */
extern Cost olap_strings_row_cost(const OlapPlanWork *work,
								  const Bitmapset *set);

/* Part of the table's columns that will be read. */
extern double olap_column_fraction(RelOptInfo *rel, const Bitmapset *set);
extern Cost olap_kernel_cost(double kernels);	/* a row */
extern Cost olap_emit_cost(const OlapPlanWork *work);	/* a row */

/* ---- paths.c ---- */

/* A costed OlapScan path without order; workers > 0: partial. */
extern CustomPath *olap_scan_path(PlannerInfo *root, RelOptInfo *rel,
								  int workers, const Bitmapset *set,
								  const OlapPlanWork *work);

/* One without order or parameters as what it is; NULL: it is another path. */
extern OlapScanPath *olap_plain_scan_path(Path *path);

/*
 * A copy of it below a hash join with so many keys, which are those columns' partners:
 * a part is left of its rows.  make: the cost of making the filter.
 */
extern Path *olap_filtered_scan_path(PlannerInfo *root, const OlapScanPath *scan,
									 List *attnos, double left, double keys,
									 Cost make);

/*
 * Add paths in the orders that the query could use: its own, and those of merge
 * joins where zone maps show that the table is stored nearly so.
 */
extern void olap_add_ordered_paths(PlannerInfo *root, RelOptInfo *rel,
								   RangeTblEntry *rte, const Bitmapset *set,
								   const OlapPlanWork *work);

/*
 * Does opno, a < or > of this type, order its values as sort keys of that kind do?
 * Sets whether it is the latter.
 */
extern bool olap_operator_sorts(Oid opno, Oid type, const OlapSortSpec *sort,
								bool *descending);

#endif							/* OLAP_ORDER_PATHS_H */
