/*-------------------------------------------------------------------------
 *
 * compat_planner.h
 *		One API over PostgreSQL 15 to 18: paths, expressions, aggregates.
 *
 * As compat.h, for what plans queries.
 *
 * src/base/compat_planner.h
 *-------------------------------------------------------------------------
 */
#ifndef OLAP_BASE_COMPAT_PLANNER_H
#define OLAP_BASE_COMPAT_PLANNER_H

#include "nodes/pathnodes.h"
#include "optimizer/pathnode.h"
#include "utils/lsyscache.h"

#include "base/compat.h"

/*
 * Foreign scan paths: 17 added fdw_restrictinfo (9e9931d2bf4), 18
 * disabled_nodes (e2225346309).
 */
#if PG_VERSION_NUM < 170000
#define create_foreignscan_path(root, rel, target, rows, disabled_nodes, \
								startup_cost, total_cost, pathkeys, \
								required_outer, fdw_outerpath, \
								fdw_restrictinfo, fdw_private) \
	create_foreignscan_path(root, rel, target, rows, startup_cost, total_cost, \
							pathkeys, required_outer, fdw_outerpath, \
							fdw_private)
#elif PG_VERSION_NUM < 180000
#define create_foreignscan_path(root, rel, target, rows, disabled_nodes, \
								startup_cost, total_cost, pathkeys, \
								required_outer, fdw_outerpath, \
								fdw_restrictinfo, fdw_private) \
	create_foreignscan_path(root, rel, target, rows, startup_cost, total_cost, \
							pathkeys, required_outer, fdw_outerpath, \
							fdw_restrictinfo, fdw_private)
#endif

/*
 * Is this collation's order that of the bytes? 18 keeps it in the locale.
 */
#include "utils/pg_locale.h"
#if PG_VERSION_NUM >= 180000
#define olap_collation_is_c(collation) \
	(pg_newlocale_from_collation(collation)->collate_is_c)
#else
#define olap_collation_is_c(collation) lc_collate_is_c(collation)
#endif

/*
 * A path that a setting turns off counts as a disabled node since 18
 * (e22253467942); before, it got a large cost.
 */
#if PG_VERSION_NUM >= 180000
#define olap_path_set_enabled(path, enabled) \
	((path)->disabled_nodes = (enabled) ? 0 : 1)
#define olap_path_inherit_enabled(path, child) \
	((path)->disabled_nodes = (child)->disabled_nodes)
#else
#define olap_path_inherit_enabled(path, child) ((void) 0)
#define olap_path_set_enabled(path, enabled) \
	do { \
		Cost		off = (enabled) ? 0 : disable_cost; \
		(path)->startup_cost += off; \
		(path)->total_cost += off; \
	} while (0)
#endif

/*
 * Functions: checks of permissions became generic in 16 (c727f511bd7); any_value
 * is of 16.
 */
#if PG_VERSION_NUM >= 160000
#define olap_function_aclcheck(funcid, role) \
	object_aclcheck(ProcedureRelationId, funcid, role, ACL_EXECUTE)
#define OLAP_F_ANY_VALUE F_ANY_VALUE
#else
#define olap_function_aclcheck(funcid, role) \
	pg_proc_aclcheck(funcid, role, ACL_EXECUTE)
#define OLAP_F_ANY_VALUE InvalidOid
#endif

/*
 * Aggregates in parts: 16 drops group and distinct columns that are known to be
 * constant (8d83a5d0a26) and serializes states that keep their rows in order
 * (16fd03e9565).
 */
#if PG_VERSION_NUM >= 160000
#define olap_group_clauses(root) ((root)->processed_groupClause)
#define olap_distinct_clauses(root) ((root)->processed_distinctClause)
#define olap_keeps_row_order(serialfn) \
	((serialfn) == F_ARRAY_AGG_SERIALIZE || \
	 (serialfn) == F_ARRAY_AGG_ARRAY_SERIALIZE || \
	 (serialfn) == F_STRING_AGG_SERIALIZE)
#else
#define olap_group_clauses(root) ((root)->parse->groupClause)
#define olap_distinct_clauses(root) ((root)->parse->distinctClause)
#define olap_keeps_row_order(serialfn) false
#endif

/*
 * The btree strategy number of an operator, 0 if it has none. 18 asks for
 * comparison types of any ordered index; the numbers agree.
 */
static inline int
olap_btree_strategy(Oid opno)
{
#if PG_VERSION_NUM >= 180000
	List	   *all = get_op_index_interpretation(opno);

	return all == NIL ? 0 :
		(int) ((OpIndexInterpretation *) linitial(all))->cmptype;
#else
	List	   *all = get_op_btree_interpretation(opno);

	return all == NIL ? 0 :
		((OpBtreeInterpretation *) linitial(all))->strategy;
#endif
}

/*
 * The direction of path keys: 18 replaced strategy numbers by comparison types.
 */
#include "access/stratnum.h"
#include "optimizer/paths.h"
#if PG_VERSION_NUM >= 180000
#define olap_pathkey_descending(pathkey) ((pathkey)->pk_cmptype == COMPARE_GT)
#define olap_ascending_pathkey(root, ec, opfamily) \
	make_canonical_pathkey(root, ec, opfamily, COMPARE_LT, false)
#else
#define olap_pathkey_descending(pathkey) \
	((pathkey)->pk_strategy == BTGreaterStrategyNumber)
#define olap_ascending_pathkey(root, ec, opfamily) \
	make_canonical_pathkey(root, ec, opfamily, BTLessStrategyNumber, false)
#endif

/* The planner's guess at an array's length: 17 asks statistics (9391f71523b). */
#include "utils/selfuncs.h"
#if PG_VERSION_NUM < 170000
#define estimate_array_length(root, node) (estimate_array_length)(node)
#endif

/*
 * In 18, expressions above grouping sets are marked as NULL in some of them; below,
 * they are not (247dea89f76).  expr belongs to a query of one relation, so that
 * nothing else can have marked it.
 */
#if PG_VERSION_NUM < 180000
#define olap_without_grouping_nulls(expr) (expr)
#else
extern Expr *olap_without_grouping_nulls(Expr *expr);
#endif

/*
 * Joins that give nothing for an outer row without a partner. Those that give the
 * inner rows with or without one came with 16 (16dc2703c54) and 18 (aa86129e19d).
 */
static inline bool
olap_join_ignores_outer(JoinType type)
{
#if PG_VERSION_NUM >= 160000
	if (type == JOIN_RIGHT_ANTI)
		return true;
#endif
#if PG_VERSION_NUM >= 180000
	if (type == JOIN_RIGHT_SEMI)
		return true;
#endif
	return type == JOIN_INNER || type == JOIN_SEMI || type == JOIN_RIGHT;
}

/*
 * The phases of a shared hash table were renamed in 16 (3048898e73c).
 */
#if PG_VERSION_NUM < 160000
#define PHJ_BUILD_HASH_OUTER PHJ_BUILD_HASHING_OUTER
#endif

#endif							/* OLAP_BASE_COMPAT_PLANNER_H */
